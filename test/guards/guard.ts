/** One check of the product that a scenario rests on, how it is taken away, and the tests that must then fail. */
export interface Guard {
  /** Number of the scenario: B are repetitions and registers, C crashes and storage. */
  readonly scenario: string;
  /** What holds while the guard is there. */
  readonly holds: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly text: string;
  readonly without: string;
  /** Files of tests, one of which fails without the guard. */
  readonly tests: readonly string[];
}
