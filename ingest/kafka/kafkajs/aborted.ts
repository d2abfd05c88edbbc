import { createRequire } from 'node:module';

/** What kafkajs makes of an answer to a fetch, as far as it is needed here. */
interface FetchedPartition {
  abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: readonly FetchedMessage[];
}

interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  /** Not handed out, but gone past. */
  isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

interface FetchAnswer {
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
}

/** A control record of version 0 and kind 0. */
const ABORT_KEY = Buffer.from([0, 0, 0, 0]);

/**
 * Brokers name the aborted transactions of a partition in the order in which they ended. kafkajs 2.2.4 takes that for the order in
 * which they began, and begins one with each message: where two of them overlap it hands out what was never committed.
 */
export function hideAborted(partition: FetchedPartition): void {
  const begun = (partition.abortedTransactions ?? []).toSorted((one, other) => {
    return BigInt(one.firstOffset) < BigInt(other.firstOffset) ? -1 : 1;
  });
  // With none named, the library hands out all that is not a control record.
  partition.abortedTransactions = [];
  const aborted = new Set<string>();
  let next = 0;
  for (const message of partition.messages) {
    const { producerId, inTransaction } = message.batchContext;
    for (let first = begun[next]; first !== undefined; first = begun[next]) {
      if (BigInt(first.firstOffset) > BigInt(message.offset)) break;
      aborted.add(first.producerId);
      next += 1;
    }
    if (message.isControlRecord) {
      if (message.key?.equals(ABORT_KEY)) aborted.delete(producerId);
    } else if (inTransaction && aborted.has(producerId)) message.isControlRecord = true;
  }
}

/** The library looks its decoders up when it uses them, so that it does not matter whether it was loaded before. */
export function hideAbortedFromFetches(): void {
  const answers: { decode(bytes: Buffer): Promise<FetchAnswer> } = createRequire(import.meta.url)(
    'kafkajs/src/protocol/requests/fetch/v11/response.js',
  );
  const decode = answers.decode;
  answers.decode = async (bytes) => {
    const answer = await decode(bytes);
    for (const { partitions } of answer.responses) partitions.forEach(hideAborted);
    return answer;
  };
}
