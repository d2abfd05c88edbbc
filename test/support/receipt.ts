/**
 * When the scans of the simulated day are received by a process that would else go by its own clock: a test must say the same in
 * any year. After the last scan, so that none claims to be made later than it was received.
 */
export const RECEIVED_AT: readonly string[] = ['--received-at', '2026-11-21T18:00:00Z'];
