/** In whose name something is done to a store, and when: what the ledger notes. */
export interface Author {
  /** The name of the user as the system knows it; null where nobody said. */
  readonly name: string | null;
  /** Milliseconds since 1970; null where there is no clock. */
  readonly nowMs: () => number | null;
}

/** Of those that do not say: the ledger then has neither name nor time. */
export const UNNAMED: Author = { name: null, nowMs: () => null };

/** What opening a store for writing needs of its surroundings. */
export interface StorePorts {
  readonly author?: Author;
  /** Told of everything that was done to the store before it could be used: an upgrade, views that were made anew. */
  readonly onNotice?: (sentence: string) => void;
}
