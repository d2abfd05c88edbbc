import kafkajs, { type ICustomPartitioner, type Message, type RecordMetadata } from 'kafkajs';
import { KafkaError } from '../client-port.ts';

/**
 * Where the messages of one send went. When a send to several brokers is not answered by one of them, kafkajs 2.2.4 tries
 * all of them again that have not answered yet, and those that it has a new connection to, with new sequence numbers: what
 * those have taken by then they take twice. Outside of a transaction that is a repeat like others; in one there is no second
 * attempt. When a partition gets another leader during a send, or has none yet, the library leaves its messages out if that
 * broker has answered for other partitions before, and says that all is well: so what was placed is held against what
 * brokers acknowledged.
 */
export class Placements {
  readonly #placed = new Map<Message, string>();
  readonly #attempts: 'one' | 'many';

  constructor(attempts: 'one' | 'many') {
    this.#attempts = attempts;
  }

  readonly partitioner: ICustomPartitioner = () => {
    const place = kafkajs.Partitioners.DefaultPartitioner();
    return (placing) => {
      if (this.#attempts === 'one' && this.#placed.has(placing.message)) {
        throw new kafkajs.KafkaJSNonRetriableError('a broker has not taken its part of a transaction');
      }
      const partition = place(placing);
      this.#placed.set(placing.message, `${placing.topic}/${partition}`);
      return partition;
    };
  };

  /** The messages that were left out. */
  async unacknowledgedAfter(send: () => Promise<readonly RecordMetadata[]>): Promise<ReadonlySet<Message>> {
    this.#placed.clear();
    const acknowledged = new Set((await send()).map(({ topicName, partition }) => `${topicName}/${partition}`));
    return new Set([...this.#placed].flatMap(([message, place]) => (acknowledged.has(place) ? [] : [message])));
  }

  /** @throws KafkaError where messages were left out. */
  async sent(send: () => Promise<readonly RecordMetadata[]>): Promise<void> {
    const left = await this.unacknowledgedAfter(send);
    if (left.size > 0) throw this.failureOf(left);
  }

  failureOf(messages: ReadonlySet<Message>): KafkaError {
    const places = new Set([...messages].map((message) => this.#placed.get(message)));
    return new KafkaError(`a leader moved, and no broker has taken the messages for ${[...places].join(', ')}`);
  }
}
