import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { indicia, jsonLines } from '../support/command-line.ts';
import { PRINTED_AT_MS } from '../support/marks.ts';
import { NOW_MS } from '../support/published.ts';
import { postJson, sentScan, serverIn } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const TWO_YEARS_LATER = '2028-11-20T18:00:00Z';

describe('when a scan was received', () => {
  it('is given with --received-at for a file, and judges marks whose scans say no time, or the time of the print', async (test) => {
    const folder = await temporaryFolder(test);
    const day = join(folder, 'day');
    const size = ['--pieces', '30', '--psds', '3', '--licenses', '2', '--seed', '1', '--frauds', 'none'];
    assert.equal((await indicia(['simulate', '--out', day, ...size])).exitCode, 0);
    const [line = ''] = (await readFile(join(day, 'scans.ndjson'), 'utf8')).split('\n');
    const { scannedAt, ...silent } = JSON.parse(line);
    const stdin = `${line}\n${JSON.stringify({ ...silent, scanId: 'silent' })}\n`;
    const answers = async (name: string, ...flags: string[]) => {
      const db = ['--db', join(folder, `${name}.duckdb`)];
      const run = await indicia(['run', '-', '--registry', join(day, 'registry'), ...db, ...flags], { stdin });
      assert.equal(run.exitCode, 0, run.stderr);
      const query = await indicia([
        'query',
        ...db,
        '--format',
        'json',
        'select received_at from scans order by scan_id',
      ]);
      const verdicts = jsonLines<{ reasons: string[] }>((await indicia(['verdicts', ...db])).stdout);
      return {
        reasons: verdicts.map(({ reasons }) => reasons.join()),
        received: jsonLines<{ received_at: string | null }>(query.stdout).map(
          (row) => row.received_at?.slice(0, 13) ?? null,
        ),
      };
    };
    assert.deepEqual(await answers('plain'), { reasons: ['', ''], received: [null, null] });
    const at = [scannedAt.slice(0, 13), '2028-11-20T18'];
    assert.deepEqual(await answers('same day', '--received-at', scannedAt), {
      reasons: ['', ''],
      received: [at[0], at[0]],
    });
    assert.deepEqual(await answers('later', '--received-at', TWO_YEARS_LATER), {
      reasons: ['date-anomaly', 'date-anomaly'],
      received: [at[1], at[1]],
    });
  });

  it('is refused where it is not a time with a zone', async () => {
    for (const text of ['yesterday', '2026-11-20', '2026-11-20T18:00:00', '2026-13-20T18:00:00Z']) {
      const run = await indicia(['run', '-', '--registry', 'x', '--db', 'x.duckdb', '--received-at', text]);
      assert.equal(run.exitCode, 2, run.stderr);
      assert.match(run.stderr, /--received-at <time>.* a time with its zone/);
    }
  });

  it('is known to a server, no matter what its scans say', async (test) => {
    const { url, world } = await serverIn(test);
    const old = () => world.frank(0, 0, 730n, PRINTED_AT_MS - 730 * 86_400_000);
    const claimed = new Date(NOW_MS - 730 * 86_400_000).toISOString();
    for (const change of [{ scannedAt: undefined }, { scannedAt: claimed }, {}]) {
      const response = await postJson(url, '/v1/verdicts', sentScan(old(), change));
      const answer: { disposition: string; reasons: { code: string }[] } = JSON.parse(await response.text());
      assert.deepEqual([answer.disposition, ...answer.reasons.map(({ code }) => code)], ['manual', 'date-anomaly']);
    }
  });
});
