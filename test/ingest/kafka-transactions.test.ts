import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { topicNamed } from '../../ingest/kafka/index.ts';
import { everythingIn, freshTopics, kafkaForTests } from '../support/kafka.ts';

const PREFIX = 'hurried-';
const MEMBERS = 4;
const TRANSACTIONS = 150;

const kafka = await kafkaForTests();

if (kafka !== null) {
  describe('transactions that follow each other without a pause', () => {
    it('are all taken, though brokers may not be done with the one before', async () => {
      await freshTopics(kafka, PREFIX, MEMBERS);
      const [scans, readings] = [topicNamed(PREFIX, 'scans'), topicNamed(PREFIX, 'readings')];
      const member = async (partition: number) => {
        const producer = await kafka.client().transactionalProducer(`${PREFIX}${partition}`);
        for (let number = 0; number < TRANSACTIONS; number++) {
          const value = Buffer.from(`${partition}/${number}`);
          const messages = Array.from({ length: MEMBERS }, (_, to) => {
            return { topic: readings, partition: to, key: null, value, headers: {} };
          });
          const next = BigInt(number + 1);
          await producer.commit(messages, { group: `${PREFIX}group`, topic: scans, partition, next });
        }
        await producer.close();
      };
      await Promise.all(Array.from({ length: MEMBERS }, (_, partition) => member(partition)));
      const published = await everythingIn(kafka, PREFIX, 'readings');
      assert.equal(published.length, MEMBERS * MEMBERS * TRANSACTIONS);
      for (let to = 0; to < MEMBERS; to++) {
        const values = published.filter(({ partition }) => partition === to).map(({ value }) => String(value));
        assert.equal(new Set(values).size, MEMBERS * TRANSACTIONS);
      }
    });
  });
}
