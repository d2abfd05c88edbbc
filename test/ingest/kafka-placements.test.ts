import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KafkaError } from '../../ingest/kafka/index.ts';
import { Placements } from '../../ingest/kafka/kafkajs/placements.ts';

const partitionMetadata = [0, 1, 2].map((partitionId) => {
  return { partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] };
});

/** As kafkajs sends: each message is placed, more often where it tries again, and only some places answer. */
function sending(placements: Placements, partitions: readonly number[], answering: readonly number[], attempts = 2) {
  const messages = partitions.map((partition) => ({ value: Buffer.from(`for ${partition}`), partition }));
  const place = placements.partitioner();
  const send = async () => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const message of messages) place({ topic: 'verdicts', partitionMetadata, message });
    }
    return answering.map((partition) => ({ topicName: 'verdicts', partition, errorCode: 0 }));
  };
  return { messages, send };
}

describe('messages that kafkajs left out', () => {
  it('are those of the partitions that no broker answered for, and no others', async () => {
    const placements = new Placements('many');
    const { messages, send } = sending(placements, [0, 1, 2, 1], [0, 2]);
    assert.deepEqual([...(await placements.unacknowledgedAfter(send))], [messages[1], messages[3]]);
    const again = sending(placements, [1, 1], [1]);
    assert.equal((await placements.unacknowledgedAfter(again.send)).size, 0);
  });

  it('end a transaction, with the name of the partition', async () => {
    const placements = new Placements('one');
    const { send } = sending(placements, [0, 1], [0], 1);
    await assert.rejects(placements.sent(send), (error) => {
      return error instanceof KafkaError && error.message.includes('verdicts/1');
    });
  });

  it('end a transaction before kafkajs sends again what another broker may have taken by now', async () => {
    const placements = new Placements('one');
    const { send } = sending(placements, [0, 1], [0, 1]);
    await assert.rejects(placements.sent(send), /has not taken its part/);
    const next = sending(placements, [0, 1], [0, 1], 1);
    await placements.sent(next.send);
  });
});
