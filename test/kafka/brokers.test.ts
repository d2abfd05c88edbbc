import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewMessage } from '../../ingest/kafka/client-port.ts';
import { ensureTopics, KafkaError } from '../../ingest/kafka/index.ts';
import { produce, type TestKafka } from '../support/kafka.ts';
import { nodesForTests } from '../support/kafka-nodes.ts';
import { roughTraffic } from '../support/rough-traffic.ts';
import { assertAsAlone, drainStages, stageDay } from '../support/stage-day.ts';
import { StageProcess } from '../support/stage-process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PREFIX = 'brokers-';
const SEED = 3;
const PIECES = 2_000;
const SLICES = 8;
const SLICE_MS = 500;

const SENDS_MAX = 5;

const kafka = await nodesForTests(3);

/** As a plant does it that was not answered: once more, though the first may have arrived. */
async function produceSurely(nodes: TestKafka, messages: readonly NewMessage[]): Promise<void> {
  for (let sends = 1; ; sends++) {
    try {
      return await produce(nodes, messages);
    } catch (error) {
      if (!(error instanceof KafkaError) || sends === SENDS_MAX) throw error;
    }
  }
}

if (kafka !== null) {
  describe('a cluster of three brokers', () => {
    it('may restart one and lose another while scans come, and every scan is answered once', async (test) => {
      const folder = await temporaryFolder(test);
      const day = await stageDay(join(folder, 'day'), SEED, PIECES);
      const { messages, scanIds } = roughTraffic(day.lines, SEED, PREFIX);
      const admin = await kafka.client().admin();
      await ensureTopics(admin, { prefix: PREFIX, partitions: 3, replication: 3 });
      await admin.close();
      const stores = join(folder, 'stores');
      const common = ['--prefix', PREFIX, '--registry', day.registry, '--db', stores];
      const members = ['read', 'judge'].map(
        (stage) => new StageProcess(test, ['--stage', stage, kafka.url, ...common]),
      );
      const sendSlices = async (from: number, to: number) => {
        for (let slice = from; slice < to; slice++) {
          const [first, last] = [slice, slice + 1].map((place) => Math.floor((place * messages.length) / SLICES));
          await produceSurely(kafka, messages.slice(first, last));
          await sleep(SLICE_MS);
        }
      };
      await sendSlices(0, 2);
      await Promise.all([kafka.restart(1), sendSlices(2, 5)]);
      await kafka.lose(2);
      await sendSlices(5, SLICES);
      for (const member of members) await member.stop();
      await drainStages(kafka.url, common);
      const { scans, published, findings } = await assertAsAlone(kafka, PREFIX, stores, day, scanIds);
      test.diagnostic(`${scans} scans, ${published} answers, ${findings} findings`);
    });
  });
}
