import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { causesOf } from '../../../indicium/index.ts';
import { FencedProducerError, KafkaError } from '../client-port.ts';

/** Codes of the protocol that tell a producer that there is a newer one, or that its transaction is over. */
const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING']);
/** kafkajs 2.2.4 does not know this code by its name. */
const PRODUCER_FENCED = 90;

function isFenced(error: unknown): boolean {
  return causesOf(error, insideOf).some((cause) => {
    const type = 'type' in cause ? String(cause.type) : '';
    return FENCED.has(type) || ('code' in cause && cause.code === PRODUCER_FENCED);
  });
}

export function asKafkaError(error: unknown): Error {
  const [first] = causesOf(error, insideOf);
  const message = first?.message ?? String(error);
  return isFenced(error) ? new FencedProducerError(message) : new KafkaError(message, { cause: error });
}

/** The answer, or the failure in this project's terms. @throws FencedProducerError, KafkaError */
export async function asking<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw asKafkaError(error);
  }
}

/** As long as a transaction takes that ends beside; a coordinator that moves takes longer. */
const AGAIN_MS_FIRST = 10;
const AGAIN_MS_MAX = 100;
const AGAIN_MAX = 34;

/** For what kafkajs does not try again by itself though it may: a coordinator that moves or loads, a broker that is gone. */
export async function askingAgain<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const mayTry = error instanceof kafkajs.KafkaJSError && error.retriable;
      if (!mayTry || attempt === AGAIN_MAX) throw asKafkaError(error);
      await sleep(Math.min(AGAIN_MS_FIRST * 2 ** (attempt - 1), AGAIN_MS_MAX));
    }
  }
}

/** What kafkajs gave up on is inside of what it says. */
function insideOf(error: Error): unknown {
  return 'originalError' in error ? error.originalError : error.cause;
}
