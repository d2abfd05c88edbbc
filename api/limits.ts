/** Scans in one batch request. */
export const BATCH_REQUEST_SCANS_MAX = 1_000;

/** Milliseconds that a scan may give its answer. A sorter's divert gate is seconds away, not minutes. */
export const DEADLINE_MS_MAX = 60_000;
