import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewMessage } from '../../ingest/kafka/client-port.ts';
import { Random } from '../../psd-sim/random.ts';
import { kafkaForTests, type TestKafka } from '../support/kafka.ts';
import { assertAsAlone, drainStages, stageTraffic } from '../support/stage-day.ts';
import { StageProcess } from '../support/stage-process.ts';

/** As few as show it where every push is tested; a variable asks for more. */
const STOPS = Number(process.env.INDICIA_STOPS ?? 32);
const SEED = Number(process.env.INDICIA_STOPS_SEED ?? 1);
const PIECES = 1_000;
const PARTITIONS = 4;
const PREFIX = `stops-${process.pid}-`;

const READERS = 2;
const JUDGES = 3;
/** The others are healthy, and take over. */
const STOPPED_AT_ONCE = 2;
const READER_EVERY = 8;
const SESSION_MS = 2_000;
/** So that detectors are met at their work. */
const QUICK = ['--session-seconds', `${SESSION_MS / 1_000}`, '--detect-every', '2'];
/** Files that are left to the garbage collector take the locks of their process with them when it comes to them. */
const EARLY_COLLECTION = ['--expose-gc', '--import', new URL('../support/early-collection.ts', import.meta.url).href];

/** Some are over before anybody has noticed. */
const SHORT_SHARE = 0.25;
const SHORT_MS_MAX = 1_000;
/** All others last until others have its partitions and work on them, and a while longer; on a busy machine no longer than this. */
const LONGER_MS_MAX = 1_500;
const TAKEN_MS_MAX = 20_000;
const AWAKE_MS_MAX = 1_000;
/** A message comes this often, so that a new owner of a partition has something to record in it. */
const MESSAGE_EVERY_MS = 40;

const LOST = /has lost this partition to epoch \d+|another member has taken \S+ over/g;
const COPIED = /still has its files open/g;
const POLL_MS = 50;
const WAIT_MS_MAX = 180_000;

const kafka = await kafkaForTests();

interface Stop {
  /** Readers first. */
  readonly member: number;
  readonly afterMs: number;
  /** Whether it waits for others to take over. */
  readonly isLong: boolean;
  readonly forMs: number;
}

/** Who is stopped when and for how long, from the seed alone; what it meets depends on the machine. */
function stops(seed: number): Stop[] {
  const random = new Random(`stops ${seed}`);
  return Array.from({ length: STOPS }, (_, index) => {
    const isReader = index % READER_EVERY === READER_EVERY - 1;
    const isLong = random.fraction() >= SHORT_SHARE;
    return {
      member: isReader ? random.int(0, READERS - 1) : READERS + random.int(0, JUDGES - 1),
      afterMs: random.int(0, AWAKE_MS_MAX),
      isLong,
      forMs: random.int(1, isLong ? LONGER_MS_MAX : SHORT_MS_MAX),
    };
  });
}

/** Until others have all that it had, and have gone on since; false where that takes too long. */
async function untilTaken(member: StageProcess, others: readonly StageProcess[]): Promise<boolean> {
  const its = member.partitions;
  const done = () => others.reduce((all, { last }) => all + (last?.scans ?? 0) + (last?.repeated ?? 0), 0);
  const areTaken = () => its.every((partition) => others.some(({ partitions }) => partitions.includes(partition)));
  const giveUpMs = performance.now() + TAKEN_MS_MAX;
  const until = async (isTrue: () => boolean) => {
    while (!isTrue() && performance.now() < giveUpMs) await sleep(POLL_MS);
    return isTrue();
  };
  if (its.length === 0 || !(await until(areTaken))) return false;
  const before = done();
  return until(() => done() > before);
}

/**
 * Carries the stops out, as many at a time as are allowed, none of them on a member that is stopped already; gives how many
 * were of a member whose partitions others took over.
 */
async function underStops(groups: readonly (readonly StageProcess[])[], planned: readonly Stop[]): Promise<number> {
  const members = groups.flat();
  const waiting = [...planned];
  const stopped = new Set<number>();
  let taken = 0;
  const work = async () => {
    while (waiting.length > 0) {
      const at = waiting.findIndex(({ member }) => !stopped.has(member));
      const [stop] = at === -1 ? [] : waiting.splice(at, 1);
      if (stop === undefined) {
        await sleep(POLL_MS);
        continue;
      }
      const member = members[stop.member] ?? assert.fail();
      const group = groups.find((its) => its.includes(member)) ?? [];
      stopped.add(stop.member);
      await sleep(stop.afterMs);
      member.signal('SIGSTOP');
      if (
        stop.isLong &&
        (await untilTaken(
          member,
          group.filter((other) => other !== member),
        ))
      )
        taken += 1;
      await sleep(stop.forMs);
      member.signal('SIGCONT');
      stopped.delete(stop.member);
    }
  };
  await Promise.all(Array.from({ length: STOPPED_AT_ONCE }, work));
  return taken;
}

/** Sends the messages again and again until it is over, each once at least. */
async function flow(brokers: TestKafka, messages: readonly NewMessage[], isOver: () => boolean): Promise<void> {
  const producer = await brokers.client().producer();
  for (let sent = 0; sent < messages.length || !isOver(); sent++) {
    await producer.send(messages.slice(sent % messages.length, (sent % messages.length) + 1));
    if (!isOver()) await sleep(MESSAGE_EVERY_MS);
  }
  await producer.close();
}

if (kafka !== null) {
  describe('members that are stopped at random for longer than their session, and wake again', () => {
    it('end none of the others nor themselves, and every scan is answered once', async (test) => {
      const asked = { prefix: PREFIX, seed: SEED, pieces: PIECES, partitions: PARTITIONS };
      const {
        day,
        traffic: { messages, scanIds },
        stores,
        common,
      } = await stageTraffic(test, kafka, asked);
      const start = (stage: string) => {
        return new StageProcess(test, ['--stage', stage, kafka.url, ...common, ...QUICK], EARLY_COLLECTION);
      };
      const readers = Array.from({ length: READERS }, () => start('read'));
      const judges = Array.from({ length: JUDGES }, () => start('judge'));
      const members = [...readers, ...judges];
      const giveUpMs = performance.now() + WAIT_MS_MAX;
      while (members.some(({ partitions }) => partitions.length === 0)) {
        assert.ok(performance.now() < giveUpMs, 'waited in vain for members that own partitions');
        await sleep(POLL_MS);
      }
      let isOver = false;
      const stopping = underStops([readers, judges], stops(SEED)).finally(() => {
        isOver = true;
      });
      const flowing = flow(kafka, messages, () => isOver);
      // Nothing of it says that they are to end.
      const ended = members.map((member) => member.ended.then(() => assert.fail(`a member ended: ${member.story}`)));
      for (const end of ended) end.catch(() => {});
      const [taken] = await Promise.race([Promise.all([stopping, flowing]), ...ended]);
      await Promise.all(members.map((member) => member.stop()));
      await drainStages(kafka.url, common);
      const { scans, published, findings } = await assertAsAlone(kafka, PREFIX, stores, day, scanIds);
      const said = (pattern: RegExp) =>
        judges.reduce((all, { stderr }) => all + (stderr.match(pattern)?.length ?? 0), 0);
      test.diagnostic(
        `seed ${SEED}: ${STOPS} stops, ${taken} until others had taken over, ${said(LOST)} partitions lost, ${said(COPIED)} copied; ` +
          `${scans} scans, ${published} answers, ${findings} findings`,
      );
      assert.ok(taken > STOPS / 4, 'too few stops lasted until others had taken over');
    });
  });
}
