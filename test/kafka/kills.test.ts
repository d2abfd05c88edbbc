import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditLake } from '../../analytics/index.ts';
import type { Finding } from '../../indicium/index.ts';
import { Random } from '../../psd-sim/random.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { kafkaForTests, produce, type TestKafka } from '../support/kafka.ts';
import { tablesOf } from '../support/lake.ts';
import { inOrder, withoutSources } from '../support/partition-stores.ts';
import type { roughTraffic } from '../support/rough-traffic.ts';
import { assertAsAlone, drainStages, stageTraffic } from '../support/stage-day.ts';
import { StageProcess } from '../support/stage-process.ts';
import { deadLettersDue, deadLettersIn } from '../support/stage-topics.ts';

/** Few where every push is tested; `npm run test:kills` asks for more. */
const KILLS = Number(process.env.INDICIA_KILLS ?? 8);
const SEED = Number(process.env.INDICIA_KILLS_SEED ?? 1);
const PIECES_PER_KILL = 400;
const PARTITIONS = 4;
const PREFIX = `kills-${process.pid}-`;

/** Every fifth member leaves in order: a rebalance while the others are in the middle of a batch. */
const LEAVE_EVERY = 5;
/** Some are killed before they own anything: while they start, join or open a store. */
const EARLY_SHARE = 0.25;
const EARLY_MS_MAX = 2_500;
/** A slice of the traffic is worked on for about so long. */
const BUSY_MS_MAX = 400;
/** So that others take over soon, and detectors are met at their work. */
const QUICK = ['--session-seconds', '3', '--detect-every', '2'];
const OWNS_MS_MAX = 30_000;
const POLL_MS = 20;

const kafka = await kafkaForTests();

interface Blow {
  readonly member: number;
  readonly kind: 'kill' | 'leave';
  readonly isEarly: boolean;
  readonly afterMs: number;
}

/** What happens to whom, from the seed alone; what it meets depends on the machine. */
function blows(seed: number): Blow[] {
  const random = new Random(`kills ${seed}`);
  const planned: Blow[] = [];
  for (let kills = 0; kills < KILLS; ) {
    const isLeave = planned.length % LEAVE_EVERY === LEAVE_EVERY - 1;
    const isEarly = random.fraction() < EARLY_SHARE;
    const afterMs = random.int(0, isEarly ? EARLY_MS_MAX : BUSY_MS_MAX);
    planned.push({ member: random.int(0, 3), kind: isLeave ? 'leave' : 'kill', isEarly, afterMs });
    if (!isLeave) kills += 1;
  }
  return planned;
}

async function untilOwner(member: StageProcess): Promise<void> {
  const giveUpMs = performance.now() + OWNS_MS_MAX;
  while (member.partitions.length === 0 && performance.now() < giveUpMs) await sleep(POLL_MS);
}

async function underBlows(
  brokers: TestKafka,
  members: StageProcess[],
  planned: readonly Blow[],
  traffic: ReturnType<typeof roughTraffic>,
) {
  const { messages } = traffic;
  let owners = 0;
  for (const [index, { member, kind, isEarly, afterMs }] of planned.entries()) {
    const victim = members[member] ?? assert.fail();
    if (!isEarly) await untilOwner(victim);
    const [from, to] = [index, index + 1].map((place) => Math.floor((place * messages.length) / planned.length));
    await produce(brokers, messages.slice(from, to));
    await sleep(afterMs);
    if (kind === 'kill' && victim.partitions.length > 0) owners += 1;
    victim.signal(kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
    const exitCode = await victim.ended;
    assert.ok(exitCode === null || exitCode === 0, `a member failed by itself: ${victim.stderr}`);
    members[member] = victim.again();
  }
  return owners;
}

if (kafka !== null) {
  describe('members that are killed at random, over traffic at its worst', () => {
    it('answer every scan once, and come to what one process finds', async (test) => {
      const asked = { prefix: PREFIX, seed: SEED, pieces: KILLS * PIECES_PER_KILL, partitions: PARTITIONS };
      const { day, traffic, stores, common: flags } = await stageTraffic(test, kafka, asked);
      const lake = join(stores, '../lake');
      const common = [...flags, '--lake', lake];
      const start = (stage: string) => new StageProcess(test, ['--stage', stage, kafka.url, ...common, ...QUICK]);
      const members = ['read', 'read', 'judge', 'judge'].map(start);
      const planned = blows(SEED);
      const owners = await underBlows(kafka, members, planned, traffic);
      await Promise.all(members.map((member) => untilOwner(member)));
      for (const member of members) await member.stop();
      await drainStages(kafka.url, common);

      const checked = await assertAsAlone(kafka, PREFIX, stores, day, traffic.scanIds);
      const letters = await deadLettersIn(kafka, PREFIX);
      assert.deepEqual(letters, await deadLettersDue(kafka, PREFIX));
      test.diagnostic(
        `seed ${SEED}: ${KILLS} kills, ${owners} of members that owned partitions; ${planned.length - KILLS} left; ` +
          `${checked.scans} scans, ${checked.published} answers, ${checked.findings} findings, ${letters.length} dead letters`,
      );
      assert.ok(owners > KILLS / 4, 'too few kills hit a member that owned partitions');

      const back = await indicia(['kafka', 'redrive', kafka.url, '--prefix', PREFIX, '--json']);
      assert.deepEqual(jsonLines(back.stdout), [{ revived: letters.length }]);
      await drainStages(kafka.url, common);
      assert.deepEqual(await deadLettersIn(kafka, PREFIX), await deadLettersDue(kafka, PREFIX));
      await assertAsAlone(kafka, PREFIX, stores, day, traffic.scanIds);

      // One lake, written by judges that were killed and took over from each other.
      const { problems } = await auditLake(lake, () => {});
      assert.deepEqual(problems, []);
      assert.deepEqual((await tablesOf(lake)).evidence, (await tablesOf(stores)).evidence);

      assert.equal((await indicia(['detect', '--db', stores])).exitCode, 0);
      const together = jsonLines<Finding>((await indicia(['findings', '--db', stores])).stdout);
      const alone = withoutSources(day.alone.findings);
      assert.deepEqual(withoutSources(inOrder(together)), alone, 'what one store with all scans says');
      assert.equal((await indicia(['detect', '--db', lake])).exitCode, 0);
      const inLake = jsonLines<Finding>((await indicia(['findings', '--db', lake])).stdout);
      assert.deepEqual(withoutSources(inOrder(inLake)), alone, 'what their lake says');
    });
  });
}
