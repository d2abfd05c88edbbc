import { ExpectedError } from '../../../indicium/index.ts';
/** A broker cannot be had or does not answer; the message says what to install or to look at. */
export class BrokerError extends ExpectedError {
  override readonly name = 'BrokerError';
  override readonly failure = 'broker';
}
