/**
 * Milliseconds for which a client counts as active after it last asked for something: a sorter of ten pieces a second is
 * always active, and one that asks every few seconds is not forgotten between two pieces.
 */
export const ACTIVE_MS = 10_000;

/** Clients kept at least before those without a debt are forgotten: a look at each costs more than its 100 bytes. */
export const CLIENTS_KEPT_MIN = 64;
