import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { claimPartition, EXPORTED_VIEWS, openStores, StoreError } from '../../analytics/index.ts';
import { addToken, openTokens, type Role } from '../../server/index.ts';
import { StageServer } from '../../server/stage/index.ts';
import { indicia } from '../support/command-line.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { NOW_MS } from '../support/published.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { postJson, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';
import { NOTHING_DONE } from '../support/stage-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function scanIdsAt(address: string, token: string | null): Promise<string[]> {
  const reader = await openStores([address], token);
  const verdicts = await Array.fromAsync(reader.verdicts());
  reader.close();
  return verdicts.map(({ scanId }) => scanId).toSorted();
}

describe('the evidence of a running server', () => {
  it('is asked like that of a file, while scans go on being recorded', async (test) => {
    const server = await serverIn(test);
    const scans = Array.from({ length: 5 }, () => sentScan(server.world.frank()));
    await postJson(server.url, '/v1/verdicts:batch', { scans });
    const count = async () => {
      const sql = 'select count(*) as n from scans';
      const { exitCode, stdout, stderr } = await indicia(['query', '--db', server.url, sql, '--format', 'json']);
      assert.equal(exitCode, 0, stderr);
      return JSON.parse(stdout).n;
    };
    assert.equal(await count(), 5);
    await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    assert.equal(await count(), 6);
  });
});

describe('a member of a stage', () => {
  const scope = suiteScope();
  const issued = new Map<string, string>();
  const recorded: string[] = [];
  let url: string;
  before(async () => {
    const folder = await temporaryFolder(scope);
    const tokens = join(folder, 'tokens.json');
    const grant = (name: string, plant: string | null, roles: Role[]) => {
      const granted = addToken(
        tokens,
        { name, plant, roles, expiresAtMs: null, certificate: null },
        NOW_MS,
        randomBytes,
      );
      issued.set(name, granted.token ?? '');
    };
    grant('Ann', null, ['investigator']);
    grant('Bob', '10001', ['investigator']);
    grant('DBCS-1', '06484', ['sorter']);
    grant('Prometheus', null, ['metrics']);
    const world = new SmallWorld(1, 1);
    const stores = new Map<string, Awaited<ReturnType<typeof claimPartition>>>();
    for (const partition of [0, 7]) {
      const notices = { ...NEVER_PAUSED, onFenced: () => {} };
      const recorder = await claimPartition(folder, partition, notices);
      scope.after(() => recorder.close());
      const scans = [1, 2].map((number) => {
        return scanOf({ scanId: `${partition}/${number}`, mark: { kind: 'payload', payload: world.frank() } });
      });
      recorded.push(...scans.map(({ scanId }) => scanId));
      await recorder.record({ readings: readingColumnsOf(scans, world.registry), source: 'test', position: '1' });
      stores.set(`partitions/${partition}/`, recorder);
    }
    const server = new StageServer({
      access: openTokens(tokens, { nowMs: () => NOW_MS }),
      stores: () => stores,
      views: EXPORTED_VIEWS,
      counters: () => ({
        rebalances: 3,
        claims: 2,
        recoverableErrors: 1,
        messages: 9,
        partitions: [{ partition: 7, lag: 5, heldMessages: 4, heldBytes: 300, isIdle: false }],
      }),
      totals: () => ({ ...NOTHING_DONE, scans: 4, accepted: 4, findings: 2 }),
      ignored: () => [{ field: 'scannedAt', problem: 'no-zone', scans: 3 }],
      unchecked: () => ({ date: 4 }),
      lakes: () => new Map(),
      onFailed: (error) => {
        throw error;
      },
    });
    scope.after(() => server.close());
    const { address, port } = await server.listen('127.0.0.1', 0);
    url = `http://${address}:${port}`;
  });
  const get = (path: string, who: string) =>
    fetch(`${url}${path}`, { headers: { authorization: `Bearer ${issued.get(who)}` } });

  it('gives out the evidence of all its partitions, together or one by one', async () => {
    const token = issued.get('Ann') ?? null;
    assert.deepEqual(await scanIdsAt(url, token), recorded.toSorted());
    assert.deepEqual(await scanIdsAt(`${url}/partitions/7`, token), ['7/1', '7/2']);
    await assert.rejects(scanIdsAt(`${url}/partitions/3`, token), StoreError);
    const sql = 'select count(*) as n from scans';
    const known = await indicia(['query', '--db', url, sql, '--format', 'json'], {
      env: { INDICIA_TOKEN: token ?? '' },
    });
    assert.deepEqual([known.exitCode, JSON.parse(known.stdout)], [0, { n: 4 }], known.stderr);
    const unknown = await indicia(['query', '--db', url, sql]);
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stderr, /answered 401/);
  });

  it('gives it to investigators of all plants only, and nothing but its views', async () => {
    const evidence = '/partitions/7/v1/evidence/scans.parquet';
    for (const path of ['/v1/stores', evidence]) {
      for (const [who, status] of [
        ['Ann', 200],
        ['Bob', 403],
        ['DBCS-1', 403],
        ['Prometheus', 403],
        ['nobody', 401],
      ] as const) {
        assert.equal((await get(path, who)).status, status, `${path} ${who}`);
      }
    }
    for (const path of [
      '/v1/evidence/scans.parquet',
      '/partitions/7/v1/evidence/source_position.parquet',
      '/partitions/7/v1/evidence/scans',
      '/partitions/7/v1/evidence/..%2f..%2fscans.parquet',
      '/partitions/9/v1/evidence/scans.parquet',
    ]) {
      const response = await get(path, 'Ann');
      assert.equal(response.status, 404, path);
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
    }
  });

  it('tells how it is, and by how much it is behind', async () => {
    assert.equal((await fetch(`${url}/livez`)).status, 200);
    assert.equal((await get('/metrics', 'Ann')).status, 403);
    for (let again = 0; again < 2; again++) {
      const metrics = await (await get('/metrics', 'Prometheus')).text();
      for (const line of [
        'indicia_stage_lag_messages{partition="7"} 5',
        'indicia_stage_held_bytes{partition="7"} 300',
        'indicia_stage_rebalances_total 3',
        'indicia_stage_scans_total{result="accepted"} 4',
        'indicia_stage_scans_total{result="read"} 0',
        'indicia_stage_findings 2',
        'indicia_ignored_fields_total{field="scannedAt",problem="no-zone"} 3',
        'indicia_unchecked_total{check="date"} 4',
      ]) {
        assert.ok(metrics.split('\n').includes(line), `${line}\n${metrics}`);
      }
    }
  });
});
