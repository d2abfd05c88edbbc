import { FencedProducerError, KafkaError, type NewMessage, type TransactionalProducer } from '../client-port.ts';

export interface PublisherPorts {
  /** Fences the previous owner of the partition, and ends the transaction that was left open. */
  readonly producer: () => Promise<TransactionalProducer>;
  /** To be asked after the fencing: the previous owner of the partition may have been publishing. */
  readonly published: () => Promise<bigint | null>;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Told of a failure; answers when it is to be tried again, or that it is not. */
  readonly mayTryAgain: (failure: KafkaError) => Promise<boolean>;
}

/**
 * Publishes what comes of a partition, together with how far it came, in one transaction after another. One that fails may
 * have taken effect: another producer ends it, the group says whether it did, and only if not the same is sent again.
 */
export class Publisher {
  readonly #ports: PublisherPorts;
  #producer: TransactionalProducer;
  #published: bigint | null;

  private constructor(ports: PublisherPorts, producer: TransactionalProducer, published: bigint | null) {
    this.#ports = ports;
    this.#producer = producer;
    this.#published = published;
  }

  /** @throws KafkaError */
  static async open(ports: PublisherPorts): Promise<Publisher> {
    const producer = await ports.producer();
    try {
      return new Publisher(ports, producer, await ports.published());
    } catch (error) {
      await closed(producer);
      throw error;
    }
  }

  /** Offset of the next message, as the group knows it; null where nothing was published yet. */
  get published(): bigint | null {
    return this.#published;
  }

  /** @throws FencedProducerError where another has taken the partition over; KafkaError where it is not to be tried again */
  async commit(messages: readonly NewMessage[], next: bigint): Promise<void> {
    let failure = await failureOf(() => this.#send(messages, next));
    while (failure !== null) {
      if (!(await this.#ports.mayTryAgain(failure))) throw failure;
      failure = await failureOf(() => this.#sendAgain(messages, next));
    }
    this.#published = next;
  }

  close(): Promise<void> {
    return closed(this.#producer);
  }

  #send(messages: readonly NewMessage[], next: bigint): Promise<void> {
    const { group, topic, partition } = this.#ports;
    return this.#producer.commit(messages, { group, topic, partition, next });
  }

  async #sendAgain(messages: readonly NewMessage[], next: bigint): Promise<void> {
    await closed(this.#producer);
    this.#producer = await this.#ports.producer();
    const published = await this.#ports.published();
    if (published === next && next !== this.#published) return;
    if (published !== this.#published) {
      throw new FencedProducerError(`published up to ${published} by another, up to ${this.#published} by this one`);
    }
    await this.#send(messages, next);
  }
}

/** One that was fenced or cut off has nothing left to close in order. */
async function closed(producer: TransactionalProducer): Promise<void> {
  await producer.close().catch(() => {});
}

async function failureOf(attempt: () => Promise<void>): Promise<KafkaError | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
}
