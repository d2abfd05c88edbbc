import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FRAUDS, simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const INPUTS = fileURLToPath(new URL('../cases/inputs', import.meta.url));

interface Summary {
  readonly scans: number;
  readonly accepted: number;
  readonly diverted: number;
  readonly findings: number;
  readonly ignoredFields: readonly { field: string; problem: string; scans: number; firstScanId: string }[];
  readonly unchecked: Readonly<Record<string, number>>;
}

/** Files as outsiders wrote them, over marks of the demo day (seed 1). */
describe('indicia run over what outsiders hand in', () => {
  const scope = suiteScope();
  let folder = '';
  before(async () => {
    folder = await temporaryFolder(scope);
    const day = { seed: 1, pieces: 2_000, psds: 12, licenses: 8, frauds: FRAUDS, images: 'none' } as const;
    await simulate({ ...day, dayMs: Date.UTC(2026, 10, 20) }, folder);
  });

  const ran = async (name: string) => {
    const db = join(folder, `${name}.duckdb`);
    const source = join(INPUTS, `${name}.ndjson`);
    const { exitCode, stdout, stderr } = await indicia([
      'run',
      source,
      '--json',
      '--registry',
      join(folder, 'registry'),
      '--db',
      db,
    ]);
    const [summary] = jsonLines<Summary>(stdout);
    assert.ok(summary !== undefined, stderr);
    return { exitCode, summary, stderr, db };
  };

  const rows = async (db: string, sql: string) => {
    const { stdout, stderr } = await indicia(['query', '--db', db, '--format', 'json', sql]);
    assert.equal(stderr, '');
    return jsonLines<Record<string, unknown>>(stdout);
  };

  for (const name of ['copies-text', 'copies-number']) {
    it(`finds each of six marks on two mailpieces: ${name}`, async () => {
      const { exitCode, summary, db } = await ran(name);
      assert.deepEqual([exitCode, summary.accepted, summary.diverted, summary.findings], [0, 6, 6, 6]);
      assert.deepEqual(await rows(db, 'select distinct kind from findings'), [{ kind: 'copy' }]);
    });
  }

  it('verifies a mark again as it was recorded, with its times and what else was seen of it', async () => {
    const db = join(folder, 'copies-text.duckdb');
    const verify = async (scanId: string) => {
      return indicia(['verify', '--registry', join(folder, 'registry'), '--db', db, '--json', '--scan', scanId]);
    };
    const [copy] = await rows(
      db,
      "select scan_id, plant from verdicts where disposition = 'divert' order by all limit 1",
    );
    const { stdout, exitCode } = await verify(String(copy?.scan_id));
    const [line] = jsonLines<{
      outcome: string;
      checks: { name: string; result: string; note?: string }[];
      recorded: { reasons: string[]; plant: string };
    }>(stdout);
    assert.deepEqual([exitCode, line?.outcome, line?.recorded.reasons], [3, 'valid', ['copy']]);
    assert.equal(line?.recorded.plant, copy?.plant);
    const unlike = line?.checks.filter(({ result }) => result !== 'passed') ?? [];
    assert.deepEqual(
      unlike.map(({ name, result, note }) => [name, result, note]),
      [
        ['receipt', 'not checked', 'the time of the receipt is not known'],
        ['sightings', 'failed', 'copy'],
      ],
    );
    const missing = await verify('no-such-scan');
    assert.match(missing.stderr, /no-such-scan: no such scan in .*copies-text\.duckdb/);
    assert.equal(missing.exitCode, 2);
  });

  it('keeps ids apart that are one number to a computer', async () => {
    const { exitCode, summary } = await ran('passes-number');
    assert.deepEqual([exitCode, summary.accepted, summary.findings], [0, summary.scans, 0]);
  });

  it('takes all times of RFC 3339 and ISO 8601, and names the others', async () => {
    const { exitCode, summary, stderr, db } = await ran('times');
    assert.equal(exitCode, 3);
    assert.deepEqual(summary.ignoredFields, [
      { field: 'scannedAt', problem: 'no-zone', scans: 1, firstScanId: 'T04' },
      { field: 'scannedAt', problem: 'not-text', scans: 1, firstScanId: 'T12' },
      { field: 'scannedAt', problem: 'not-a-time', scans: 4, firstScanId: 'T13' },
    ]);
    assert.match(stderr, /1 scan with a field that was not used: scannedAt has no zone, .* the first is T04/);
    assert.deepEqual([summary.unchecked.date, summary.unchecked.receipt], [6, summary.scans]);
    const { stdout } = await indicia(['verdicts', '--unchecked', '--db', db]);
    const open = jsonLines<{ scanId: string; unchecked: string[] }>(stdout).filter(({ unchecked }) =>
      unchecked.includes('date'),
    );
    assert.deepEqual(open.map(({ scanId }) => scanId).toSorted(), ['T04', 'T12', 'T13', 'T18', 'T21', 'T22']);
    const without = await rows(db, 'select scan_id from scans where scanned_at is null order by scan_id');
    assert.deepEqual(
      without.map(({ scan_id }) => scan_id),
      ['T04', 'T12', 'T13', 'T18', 'T21', 'T22'],
    );
  });
});
