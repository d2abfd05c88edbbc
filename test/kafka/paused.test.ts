import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaForTests, produce } from '../support/kafka.ts';
import { assertAsAlone, drainStages, stageTraffic } from '../support/stage-day.ts';
import { StageProcess } from '../support/stage-process.ts';

const PREFIX = `paused-${process.pid}-`;
const SEED = 5;
const PIECES = 2_000;
const PARTITIONS = 4;
const SLICE_MESSAGES = 4;
/** It may be stopped with nothing to do on a busy machine, and is then stopped once more. */
const NAPS_MAX = 15;
const LOST = /has lost this partition to epoch \d+|another member has taken \S+ over/;
const POLL_MS = 100;
const WAIT_MS_MAX = 60_000;

const kafka = await kafkaForTests();

async function until(isTrue: () => boolean, what: string): Promise<void> {
  const giveUpMs = performance.now() + WAIT_MS_MAX;
  while (!isTrue()) {
    assert.ok(performance.now() < giveUpMs, `waited in vain for ${what}`);
    await sleep(POLL_MS);
  }
}

if (kafka !== null) {
  describe('a judge that is stopped while it works, and loses its partitions to another', () => {
    it('writes nothing when it wakes, says what it lost, and goes on like the others', async (test) => {
      const asked = { prefix: PREFIX, seed: SEED, pieces: PIECES, partitions: PARTITIONS };
      const {
        day,
        traffic: { messages, scanIds },
        stores,
        common,
      } = await stageTraffic(test, kafka, asked);
      const member = (stage: string) =>
        new StageProcess(test, ['--stage', stage, kafka.url, ...common, '--session-seconds', '3']);
      const [reader, sleeper, other] = [member('read'), member('judge'), member('judge')];
      await until(() => sleeper.partitions.length > 0 && other.partitions.length > 0, 'two judges');
      const share = Math.floor(messages.length / NAPS_MAX);
      assert.ok(share > SLICE_MESSAGES, `${messages.length} messages are too few`);
      let naps = 0;
      while (!LOST.test(sleeper.stderr)) {
        assert.ok(naps < NAPS_MAX, `it never woke with work in its hands: ${sleeper.stderr}`);
        const its = messages.slice(naps * share, (naps + 1) * share);
        for (let from = 0; from < its.length; from += SLICE_MESSAGES) {
          await produce(kafka, its.slice(from, from + SLICE_MESSAGES));
          // Its brokers have an open request of it, which the next readings answer.
          if (from === SLICE_MESSAGES) sleeper.signal('SIGSTOP');
        }
        naps += 1;
        const isAlone = () => other.last?.partitions?.length === PARTITIONS;
        await until(() => isAlone() && other.last?.partitions?.every(({ lag }) => lag === 0) === true, 'a takeover');
        sleeper.signal('SIGCONT');
        await until(() => other.partitions.length < PARTITIONS, 'a sleeper that has joined again');
      }
      await produce(kafka, messages.slice(naps * share));
      for (const each of [reader, sleeper, other]) await each.stop();
      await drainStages(kafka.url, common);
      const { scans, published } = await assertAsAlone(kafka, PREFIX, stores, day, scanIds);
      test.diagnostic(`stopped ${naps} times; ${scans} scans, ${published} answers`);
    });
  });
}
