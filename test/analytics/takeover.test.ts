import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FencedError, StoreError } from '../../analytics/index.ts';
import { type TakeoverSteps, takeOver } from '../../analytics/partition/take-over.ts';
import { PartitionFolder } from '../../analytics/store/partition-folder.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** What an owner does in its life; after how many steps it is killed, or stopped until all that are not have ended. */
interface Life {
  readonly machine: string;
  /** How many turns others may take before it begins. */
  readonly waits: number;
  readonly records: number;
  readonly killedAfter: number;
  readonly stoppedAfter: number | null;
}

const lives = fc.array(
  fc.record<Life>({
    machine: fc.constantFrom('one', 'other'),
    waits: fc.nat({ max: 40 }),
    records: fc.nat({ max: 4 }),
    // Half of them live as long as they like.
    killedAfter: fc.oneof(fc.nat({ max: 30 }), fc.constant(Number.POSITIVE_INFINITY)),
    stoppedAfter: fc.option(fc.nat({ max: 20 })),
  }),
  { minLength: 2, maxLength: 5 },
);

class Killed extends Error {}

/** Stands for DuckDB: a file of lines that is written through a descriptor, and a lock that other machines do not see. */
class Disk {
  readonly #locks = new Map<string, number>();

  open(path: string, machine: string) {
    if (!existsSync(dirname(path))) throw new Error(`ENOENT: ${path}`);
    const file = openSync(path, 'a+');
    const lock = `${machine} ${fstatSync(file).ino}`;
    if (this.#locks.has(lock)) {
      closeSync(file);
      throw new StoreError(`${path} is open`, 'open-elsewhere');
    }
    this.#locks.set(lock, file);
    let rows = linesOf(path).length;
    return {
      append: (row: string): number => {
        writeSync(file, `${row}\n`);
        rows += 1;
        return rows - 1;
      },
      close: () => {
        if (this.#locks.delete(lock)) closeSync(file);
      },
    };
  }
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

describe('the takeover of a partition', () => {
  it('loses nothing that was answered, no matter who claims, pauses, wakes or dies between any two steps', async (test) => {
    const folder = await temporaryFolder(test);
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(lives, fc.scheduler(), async (owners, scheduler) => {
        const partition = PartitionFolder.open(join(folder, `${runs++}`), 0);
        const disk = new Disk();
        const answered = new Map<number, string>();
        const epochs: bigint[] = [];

        const awake = Promise.withResolvers<void>();

        const live = async ({ machine, waits, records, killedAfter, stoppedAfter }: Life, name: number) => {
          let steps = 0;
          const opened: ReturnType<Disk['open']>[] = [];
          /** Others may do any number of their steps before each of ours. */
          const turn = async () => {
            await scheduler.schedule(Promise.resolve(), `${name}.${steps}`);
            steps += 1;
            if (steps === stoppedAfter) await awake.promise;
            if (steps > killedAfter) throw new Killed();
          };
          const paused = <Given extends unknown[], Result>(step: (...given: Given) => Result) => {
            return async (...given: Given) => {
              await turn();
              return step(...given);
            };
          };
          const steppedPartition: TakeoverSteps = {
            path: partition.path,
            newest: paused(() => partition.newest()),
            raise: paused((mine) => partition.raise(mine)),
            check: paused((epoch) => partition.check(epoch)),
            newestStore: paused(() => partition.newestStore()),
            storePath: (epoch) => partition.storePath(epoch),
            machineOf: paused((epoch) => partition.machineOf(epoch)),
            begin: paused((epoch, on) => partition.begin(epoch, on)),
            move: paused((from, to) => partition.move(from, to)),
            copyingPath: (epoch) => partition.copyingPath(epoch),
            finish: paused((epoch, on) => partition.finish(epoch, on)),
            setAside: paused((epoch) => partition.setAside(epoch)),
            removeBefore: paused((epoch) => partition.removeBefore(epoch)),
          };
          for (let wait = 0; wait < waits; wait++) await scheduler.schedule(Promise.resolve(), `${name} waits`);
          try {
            const taken = await takeOver(steppedPartition, {
              machine,
              wait: turn,
              onElsewhere: () => {},
              open: paused((path: string) => {
                const store = disk.open(path, machine);
                opened.push(store);
                return store;
              }),
              copy: paused((from, to) => {
                rmSync(dirname(to), { recursive: true, force: true });
                mkdirSync(dirname(to));
                if (!existsSync(dirname(from))) return false;
                if (existsSync(from)) copyFileSync(from, to);
                return true;
              }),
            });
            epochs.push(taken.epoch);
            assert.notEqual(taken.from, 'replay');
            for (let record = 0; record < records; record++) {
              const text = `${taken.epoch} ${name} ${record}`;
              await turn();
              partition.check(taken.epoch);
              await turn();
              const row = taken.opened.append(text);
              await turn();
              partition.check(taken.epoch);
              await turn();
              assert.equal(answered.get(row), undefined, `row ${row} was answered twice`);
              answered.set(row, text);
            }
          } catch (error) {
            if (!(error instanceof FencedError || error instanceof Killed)) throw error;
          } finally {
            for (const store of opened) store.close();
          }
        };
        const living = owners.map((owner, name) => ({ owner, ended: live(owner, name) }));
        const unstopped = living.filter(({ owner }) => owner.stoppedAfter === null);
        Promise.allSettled(unstopped.map(({ ended }) => ended)).then(() => awake.resolve());
        await scheduler.waitFor(Promise.all(living.map(({ ended }) => ended)));
        assert.equal(new Set(epochs).size, epochs.length);
        const newest = partition.newestStore();
        const rows = newest === null ? [] : linesOf(partition.storePath(newest));
        for (const [row, text] of answered) assert.equal(rows[row], text);
        const writers = rows.map((row) => Number(row.split(' ')[0]));
        assert.deepEqual(
          writers,
          writers.toSorted((one, other) => one - other),
          'an owner wrote into the store of a later one',
        );
      }),
      { numRuns: 150, seed: 23 },
    );
  });
});
