import { PolicyError } from '../judge/default-policy.ts';
import { FencedError } from '../store/fence.ts';
import { StoreError, type StoreFault } from '../store/store-error.ts';

/** An error on its way out of a thread: errors lose their class and their code between threads. */
export interface ToldError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Of a failure of the system: errno(3). */
  readonly code: string | null;
  /** Of a StoreError. */
  readonly fault: StoreFault | null;
  readonly holder: number | null;
  readonly cause: ToldError | null;
}

/** Causes of causes are told up to this depth, since a chain may be a circle. */
const CAUSES_MAX = 8;

export function toldError(thrown: unknown, depth = 0): ToldError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack = '' } = error;
  const code = 'code' in error ? String(error.code) : null;
  const { fault, holder } = error instanceof StoreError ? error : { fault: null, holder: null };
  const cause = error.cause === undefined || depth === CAUSES_MAX ? null : toldError(error.cause, depth + 1);
  return { name, message, stack, code, fault, holder, cause };
}

/** As it was thrown, for those whose messages are meant for people; any other with its stack. */
export function thrownError({ name, message, stack, code, fault, holder, cause }: ToldError): Error {
  const options = cause === null ? {} : { cause: thrownError(cause) };
  if (name === 'StoreError') return new StoreError(message, fault, holder, options);
  if (name === 'FencedError') return new FencedError(message, options);
  if (name === 'PolicyError') return new PolicyError(message, options);
  const error = name === 'RangeError' ? new RangeError(message, options) : new Error(message, options);
  error.stack = stack;
  return code === null ? error : Object.assign(error, { code });
}
