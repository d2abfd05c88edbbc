import { writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { claimPartition, FencedError } from '../../analytics/index.ts';
import { DEFAULT_POLICY } from '../../analytics/judge/default-policy.ts';
import { claim } from '../../analytics/partition/claim.ts';
import { PartitionFolder } from '../../analytics/store/partition-folder.ts';
import { loadRegistry } from '../../verify/registry/index.ts';
import { readingColumnsOf } from './evidence.ts';
import { NEVER_PAUSED } from './recording.ts';
import { scanBatchesOf } from './scan-batches.ts';
import { atPoint } from './work-points.ts';

/**
 * Run as a program: claims partition 3 of a folder and records a file of scans, in small batches, from the position in
 * its store on. Says `claimed EPOCH FROM`, the number of each batch that is durable, and in the end `done` or `fenced`.
 * Sends itself a signal at a named point of its work, with a word before.
 *
 * Arguments: scans, registry, folder, the signal, the point, how many times it is passed before, and the name of the
 * machine that it claims to be on. With the point `thread` it records as the product does, in a thread, and stops or dies when somebody else says so.
 */
const PARTITION = 3;
const BATCH_SCANS = 20;
const [scansPath = '', registryPath = '', folder = '', signal = 'SIGKILL', point = 'none', ...more] =
  process.argv.slice(2);
const [passes = '0', machine = hostname()] = more;

const say = (line: string) => writeSync(1, `${line}\n`);
const reach = atPoint(point, Number(passes), () => {
  say(`at ${point}`);
  process.kill(process.pid, signal);
});

/** What a claim does to its folder, as points before and after. */
const steps = PartitionFolder.prototype;
const { raise, check, move, finish, removeBefore } = steps;
steps.raise = function (mine) {
  const epoch = raise.call(this, mine);
  reach('after-raise');
  return epoch;
};
steps.check = function (epoch) {
  check.call(this, epoch);
  reach('after-check');
};
steps.move = function (from, to) {
  reach('before-move');
  const isMoved = move.call(this, from, to);
  reach('after-move');
  return isMoved;
};
steps.finish = function (epoch, machine) {
  reach('before-finish');
  finish.call(this, epoch, machine);
  reach('after-finish');
};
steps.removeBefore = function (epoch) {
  reach('before-removal');
  removeBefore.call(this, epoch);
};

async function claimed() {
  if (point === 'thread') {
    const recorder = await claimPartition(folder, PARTITION, { ...NEVER_PAUSED, onFenced: () => say('noticed') });
    return { recorder, ...{ epoch: recorder.epoch, from: recorder.from } };
  }
  const order = {
    kind: 'claim',
    folder,
    partition: PARTITION,
    machine,
    policy: DEFAULT_POLICY,
    author: null,
    lake: null,
  } as const;
  const { recorder, claimed } = await claim(order, NEVER_PAUSED);
  return {
    recorder: {
      positionOf: (source: string) => recorder.positionOf(source),
      record: (batch: Parameters<typeof recorder.record>[0][number]) => recorder.record([batch]),
      close: () => recorder.close(),
    },
    ...claimed,
  };
}

try {
  const registry = await loadRegistry(registryPath, Date.UTC(2026, 10, 21));
  const batches = await scanBatchesOf(scansPath, BATCH_SCANS);
  const { recorder, epoch, from } = await claimed();
  say(`claimed ${epoch} ${from}`);
  for (let index = Number((await recorder.positionOf('test')) ?? -1) + 1; index < batches.length; index++) {
    const readings = readingColumnsOf(batches[index] ?? [], registry);
    await recorder.record({ readings, source: 'test', position: `${index}` });
    say(`${index}`);
  }
  await recorder.close();
  say('done');
} catch (error) {
  if (!(error instanceof FencedError)) throw error;
  say('fenced');
}
