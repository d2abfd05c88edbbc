import { ExpectedError } from '../../indicium/index.ts';

/**
 * Why a store cannot be used, for callers that can continue without it. `reopening`: it is closed, and is opened again where
 * what it is opened for goes on.
 */
export type StoreFault = 'open-elsewhere' | 'other-version' | 'unconfirmed' | 'not-whole' | 'reopening';

/** The store cannot be used; the message names the file and what to do. */
export class StoreError extends ExpectedError {
  override readonly name = 'StoreError';
  override readonly failure = 'store';
  readonly fault: StoreFault | null;
  /** Number of the process that has it open, where the system tells. */
  readonly holder: number | null;

  constructor(
    message: string,
    fault: StoreFault | null = null,
    holder: number | null = null,
    options: ErrorOptions = {},
  ) {
    super(message, options);
    this.fault = fault;
    this.holder = holder;
  }
}
