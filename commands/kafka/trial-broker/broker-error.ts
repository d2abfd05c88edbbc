/** A broker cannot be had or does not answer; the message says what to install or to look at. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
}
