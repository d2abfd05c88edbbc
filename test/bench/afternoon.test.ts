import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { simulate } from '../../psd-sim/index.ts';
import { indicia } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const AFTERNOON = fileURLToPath(new URL('../../benchmarks/baseline/afternoon.ts', import.meta.url));

/** What the program of an afternoon says where a mark was read and was not refused. */
const GENUINE = ['genuine', 'seen before'];

/** Outcomes of marks whose signature does not hold for what they say, or whose key is another's. */
const NOT_SIGNED_FOR = ['bad-signature', 'borrowed-name', 'cross-key', 'forged', 'key-mismatch', 'suite-mismatch'];

/** Columns of a store, by scan id. */
async function answersOf(db: string, sql: string): Promise<Map<string, string>> {
  const instance = await DuckDBInstance.create(db, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return new Map(rows.map(([scanId, answer]) => [String(scanId), String(answer)]));
}

describe('the program of an afternoon', () => {
  it('reads and verifies what indicia does, as far as it can tell', async (test) => {
    const folder = await temporaryFolder(test);
    const frauds = ['copy', 'forged', 'altered', 'cross-key'] as const;
    const day = { psds: 12, licenses: 8, seed: 5, pieces: 160, frauds, dayMs: Date.UTC(2026, 10, 20) };
    await simulate({ ...day, images: 'crops' }, join(folder, 'day'));
    const [scans, registry] = [join(folder, 'day', 'scans.ndjson'), join(folder, 'day', 'registry')];
    const [theirs, ours] = [join(folder, 'afternoon.duckdb'), join(folder, 'indicia.duckdb')];
    const keys = join(registry, 'keys.ndjson');
    const { stdout } = await promisify(execFile)(process.execPath, [AFTERNOON, scans, '--keys', keys, '--db', theirs]);
    const said = JSON.parse(stdout);
    await indicia(['run', scans, '--registry', registry, '--db', ours, '--received-at', '2026-11-21T18:00:00Z']);

    const afternoon = await answersOf(theirs, 'select scan_id, answer from pieces');
    const outcomes = await answersOf(ours, 'select scan_id, outcome from evidence');
    assert.ok(outcomes.size > 160);
    const counts = { both: 0, refused: 0, unread: 0 };
    for (const [scanId, outcome] of outcomes) {
      const answer = afternoon.get(scanId) ?? 'not there';
      if (answer === 'no symbol') counts.unread += 1;
      else if (NOT_SIGNED_FOR.includes(outcome)) {
        assert.equal(answer, 'bad signature', scanId);
        counts.refused += 1;
      } else if (outcome === 'unknown-key') assert.equal(answer, 'unknown key', scanId);
      else {
        assert.ok(GENUINE.includes(answer), `${scanId}: ${outcome}, ${answer}`);
        counts.both += 1;
      }
    }
    assert.ok(counts.both > 130 && counts.refused >= 3, JSON.stringify(counts));
    // What nobody can read, and little more: the symbols of a simulated day are clean or gone.
    assert.ok(counts.unread < outcomes.size / 20, JSON.stringify(counts));
    assert.ok(said.answers['seen before'] > 0);
  });
});
