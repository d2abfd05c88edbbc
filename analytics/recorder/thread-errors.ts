import { PolicyError } from '../judge/policy-file.ts';
import { FencedError } from '../store/fence.ts';
import { StoreError, type StoreFault } from '../store/instance.ts';

/** An error on its way out of a thread: errors lose their class between threads. */
export interface ToldError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Of a StoreError. */
  readonly fault: StoreFault | null;
  readonly holder: number | null;
}

export function toldError(thrown: unknown): ToldError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack = '' } = error;
  const { fault, holder } = error instanceof StoreError ? error : { fault: null, holder: null };
  return { name, message, stack, fault, holder };
}

/** As it was thrown, for those whose messages are meant for people; any other with its stack. */
export function thrownError({ name, message, stack, fault, holder }: ToldError): Error {
  if (name === 'StoreError') return new StoreError(message, fault, holder);
  if (name === 'FencedError') return new FencedError(message);
  if (name === 'PolicyError') return new PolicyError(message);
  const error = new Error(message);
  error.stack = stack;
  return error;
}
