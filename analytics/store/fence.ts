/** A newer owner has claimed the partition: what this one still does counts for nothing. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/** Whether its owner may still write. */
export interface Fence {
  /** @throws FencedError when a newer owner has claimed what this one owned. */
  check(): void;
}

/** Of a store that nobody can claim: its file belongs to the process that has it open. */
export const NO_FENCE: Fence = { check: () => {} };
