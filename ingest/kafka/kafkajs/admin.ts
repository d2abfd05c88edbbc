import kafkajs, { type Admin } from 'kafkajs';
import type { KafkaAdmin, PartitionOffsets, TopicState } from '../client-port.ts';
import { asking, askingAgain } from './failures.ts';

export class KafkaJsAdmin implements KafkaAdmin {
  readonly #admin: Admin;

  constructor(admin: Admin) {
    this.#admin = admin;
  }

  async brokers(): Promise<string[]> {
    const { brokers } = await asking(this.#admin.describeCluster());
    return brokers.map(({ host, port }) => `${host}:${port}`).toSorted();
  }

  async topicState(topic: string, names: readonly string[]): Promise<TopicState | null> {
    const known = await asking(this.#admin.listTopics());
    if (!known.includes(topic)) return null;
    const { topics } = await asking(this.#admin.fetchTopicMetadata({ topics: [topic] }));
    const partitions = topics[0]?.partitions ?? [];
    const { resources } = await asking(
      this.#admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [...names] }],
      }),
    );
    const entries = resources[0]?.configEntries ?? [];
    return {
      topic,
      partitions: partitions.length,
      replication: partitions[0]?.replicas.length ?? 0,
      config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
    };
  }

  async createTopic({ topic, partitions, replication, config }: TopicState): Promise<void> {
    await asking(
      this.#admin.createTopics({
        waitForLeaders: false,
        topics: [
          {
            topic,
            numPartitions: partitions,
            replicationFactor: replication,
            configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
          },
        ],
      }),
    );
    // kafkajs does not bear that a broker has not heard of the topic yet.
    await askingAgain(() => this.#admin.fetchTopicMetadata({ topics: [topic] }));
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    const offsets = await asking(this.#admin.fetchTopicOffsets(topic));
    return offsets
      .map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
      .toSorted((left, right) => left.partition - right.partition);
  }

  async groupOffset(group: string, topic: string, partition: number): Promise<bigint | null> {
    // The coordinator of a group that was never there before is still being made.
    const fetched = await askingAgain(() => this.#admin.fetchOffsets({ groupId: group, topics: [topic] }));
    const found = fetched[0]?.partitions.find((offset) => offset.partition === partition);
    return found === undefined || found.offset === '-1' ? null : BigInt(found.offset);
  }

  close(): Promise<void> {
    return this.#admin.disconnect();
  }
}
