import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Compile } from 'typebox/compile';
import { isLake, readLake } from '../../analytics/store/lake/lake-folder.ts';
import { Health } from '../../api/schemas.ts';
import { simulate } from '../../psd-sim/index.ts';
import { indicia } from '../support/command-line.ts';
import { tablesOf } from '../support/lake.ts';
import { type LocalServer, postJson, sentScan, serverIn } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const isHealth = Compile(Health);
const POLL_MS = 100;
const PATIENCE_MS = 30_000;

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await isSo()); waitedMs += POLL_MS) {
    assert.ok(waitedMs < PATIENCE_MS, 'it did not come');
    await sleep(POLL_MS);
  }
}

function rowsIn(lake: string): number {
  return isLake(lake) ? readLake(lake).reduce((rows, manifest) => rows + Number(manifest.rows), 0) : 0;
}

async function lakeCheckOf({ url }: LocalServer) {
  const response = await fetch(`${url}/readyz`);
  const body: unknown = await response.json();
  assert.ok(isHealth.Check(body));
  return { status: body.status, code: response.status, lake: body.checks.lake ?? { ok: false, detail: 'no check' } };
}

async function metricOf({ url }: LocalServer, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{partition="0"\\} (.*)$`, 'm').exec(text)?.[1]);
}

describe('a lake beside the recording', () => {
  it('has what a server answered while it runs, and can be asked by another process', async (test) => {
    const lake = join(await temporaryFolder(test), 'lake');
    const server = await serverIn(test, { lake });
    for (let piece = 0; piece < 3; piece++) await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    await until(() => rowsIn(lake) === 3);
    const asked = await indicia(['query', '--db', lake, '--format', 'csv', 'select count(*) as pieces from pieces']);
    assert.equal(asked.stdout, 'pieces\n3\n', asked.stderr);
    await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    await server.service.stop();
    assert.equal(rowsIn(lake), 4, 'what was recorded last is written when it ends');
    assert.deepEqual(await tablesOf(lake), await tablesOf(server.db));
  });

  it('is said to be behind where it cannot be written, keeps no sorter away, and catches up by itself', async (test) => {
    const folder = await temporaryFolder(test);
    const lake = join(folder, 'lake');
    writeFileSync(lake, 'a file, where a folder should be');
    const server = await serverIn(test, { lake });
    await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    await until(async () => (await lakeCheckOf(server)).lake.ok === false);
    const { status, code, lake: check } = await lakeCheckOf(server);
    assert.deepEqual([status, code], ['ok', 200]);
    assert.match(check.detail, /^1 row behind, for \d+ s: .*lake/);
    assert.equal(await metricOf(server, 'indicia_lake_behind_rows'), 1);
    assert.equal(await metricOf(server, 'indicia_lake_failing'), 1);
    assert.ok((await metricOf(server, 'indicia_lake_behind_seconds')) > 0);
    assert.match(server.log(), /the lake is behind, and recording goes on/);
    const answer = await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    assert.equal(answer.status, 200);

    rmSync(lake);
    await until(() => rowsIn(lake) === 2);
    await until(async () => (await lakeCheckOf(server)).lake.ok);
    assert.equal(await metricOf(server, 'indicia_lake_behind_rows'), 0);
    assert.match(server.log(), /the lake can be written again/);
  });

  it('that was removed while it is written is told, and begun anew', async (test) => {
    const lake = join(await temporaryFolder(test), 'lake');
    const server = await serverIn(test, { lake });
    await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    await until(() => rowsIn(lake) === 1);
    rmSync(lake, { recursive: true });
    await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    await until(() => rowsIn(lake) === 2);
    await server.service.stop();
    assert.deepEqual(await tablesOf(lake), await tablesOf(server.db));
  });

  it('of a run has all that the run recorded; of another store, it is refused and the run ends with exit code 3', async (test) => {
    const folder = await temporaryFolder(test);
    const day = { seed: 5, pieces: 60, psds: 3, licenses: 2, frauds: [], images: 'none' } as const;
    await simulate({ ...day, dayMs: Date.UTC(2026, 10, 20) }, folder);
    const [lake, db] = [join(folder, 'lake'), join(folder, 'store.duckdb')];
    const [scans, fewer] = [join(folder, 'scans.ndjson'), join(folder, 'fewer.ndjson')];
    writeFileSync(fewer, readFileSync(scans, 'utf8').split('\n').slice(0, 30).join('\n'));
    const run = (store: string, source = scans) =>
      indicia(['run', source, '--registry', join(folder, 'registry'), '--db', store, '--json'], {
        env: { INDICIA_LAKE: lake },
      });
    const first = await run(db);
    assert.equal(first.exitCode, 0, first.stderr);
    assert.equal(JSON.parse(first.stdout).lakeRowsBehind, 0);
    assert.deepEqual(await tablesOf(lake), await tablesOf(db));
    const again = await run(db);
    assert.equal(again.exitCode, 0, again.stderr);

    const other = join(folder, 'other.duckdb');
    const refused = await run(other, fewer);
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /has rows up to \d+ of another store/);
    assert.equal(JSON.parse(refused.stdout).scans, 30);
    assert.deepEqual(await tablesOf(lake), await tablesOf(db));

    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full', 'notes.txt'), 'no lake');
    const args = ['run', join(folder, 'scans.ndjson'), '--registry', join(folder, 'registry')];
    const elsewhere = await indicia([...args, '--db', db, '--lake', join(folder, 'full')]);
    assert.equal(elsewhere.exitCode, 3);
    assert.match(elsewhere.stderr, /neither a lake nor an empty folder: it has notes.txt/);
  });
});
