import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { StoreReader } from '../../analytics/index.ts';
import { FOR_PEOPLE, openRunLog } from '../../commands/run/run-log.ts';
import { runSources } from '../../commands/run/run-sources.ts';
import { SIMULATED_DAY_MS } from '../../commands/simulate-command.ts';
import { FRAUDS, type FraudName, type Payment, score, simulate } from '../../psd-sim/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SCENARIO = { seed: 12, pieces: 400, psds: 12, licenses: 8, images: 'none', dayMs: SIMULATED_DAY_MS } as const;

/** What the whole way of a piece, from `indicia simulate` to the findings of `indicia run`, says of a day. */
async function scored(test: TestContext, frauds: readonly FraudName[], payment: Payment) {
  const folder = await temporaryFolder(test);
  const { truth } = await simulate({ ...SCENARIO, frauds, payment }, folder);
  const db = join(folder, 'day.duckdb');
  const terminal = {
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    isWatched: false,
    nowMs: () => SIMULATED_DAY_MS,
  };
  await runSources(
    [join(folder, 'scans.ndjson')],
    { registry: join(folder, 'registry'), db, workers: 1 },
    terminal,
    openRunLog(FOR_PEOPLE, terminal),
  );
  const reader = await StoreReader.open(db);
  test.after(() => reader.close());
  const findings = await Array.fromAsync(reader.findings());
  return score(truth, { findings, verdicts: await Array.fromAsync(reader.verdicts()) });
}

describe('indicia run, on a day with one kind of fraud,', () => {
  for (const fraud of FRAUDS) {
    it(`finds each ${fraud} by its name, whole, and accuses nobody else`, async (test) => {
      const { found, missed, falselyAccused } = await scored(test, [fraud], 'prepaid');
      assert.deepEqual([missed, falselyAccused], [[], []]);
      assert.ok(found.length > 0);
    });
  }
});

describe('indicia run, on an honest day,', () => {
  for (const payment of ['prepaid', 'postpaid'] as const) {
    it(`finds nothing (${payment})`, async (test) => {
      assert.deepEqual(await scored(test, [], payment), {
        found: [],
        missed: [],
        falselyAccused: [],
        innocentsAsSuspects: [],
        beforeGate: { scans: 0, answered: 0 },
      });
    });
  }
});
