import kafkajs, { type ICustomPartitioner, type RecordMetadata } from 'kafkajs';
import { KafkaError } from '../client-port.ts';

/**
 * Where the messages of one send went. When a partition gets another leader during a send, kafkajs 2.2.4 leaves its messages
 * out if that broker has answered for other partitions before, and says that all is well: so what was placed is held
 * against what brokers acknowledged.
 */
export class Placements {
  readonly #placed = new Set<string>();

  readonly partitioner: ICustomPartitioner = () => {
    const place = kafkajs.Partitioners.DefaultPartitioner();
    return (message) => {
      const partition = place(message);
      this.#placed.add(`${message.topic}/${partition}`);
      return partition;
    };
  };

  /** @throws KafkaError where messages were left out. */
  async sent(send: () => Promise<readonly RecordMetadata[]>): Promise<void> {
    this.#placed.clear();
    const acknowledged = new Set((await send()).map(({ topicName, partition }) => `${topicName}/${partition}`));
    const left = [...this.#placed].filter((place) => !acknowledged.has(place));
    if (left.length > 0)
      throw new KafkaError(`a leader moved, and no broker has taken the messages for ${left.join(', ')}`);
  }
}
