import { ExpectedError } from '../indicium/index.ts';

/** The registry cannot be used; the message names each file and line at fault. */
export class RegistryError extends ExpectedError {
  override readonly name = 'RegistryError';
  override readonly failure = 'registry';
}
