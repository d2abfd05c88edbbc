import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import {
  archiveStore,
  claimPartition,
  detect,
  EXPORTED_VIEWS,
  gatherFolder,
  openForQueries,
  openStores,
  type PartitionRecorder,
  Recorder,
  Store,
  StoreError,
  viewPath,
  writeResult,
} from '../../analytics/index.ts';
import { unionPath } from '../../analytics/store/union/parts.ts';
import { parseIndicium, type Scan } from '../../indicium/index.ts';
import { FRAUDS, simulate } from '../../psd-sim/index.ts';
import type { Registry } from '../../verify/index.ts';
import { loadRegistry } from '../../verify/registry/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { readingColumnsOf } from '../support/evidence.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { scanBatchesOf } from '../support/scan-batches.ts';
import { temporaryFolder } from '../support/temporary.ts';

const DAY_MS = Date.UTC(2026, 10, 20);
const PARTITIONS = 4;
const EVIDENCE_VIEWS = ['scans', 'pieces', 'verdicts', 'licenses', 'psds', 'funds'];

/** The key of the topic: the license, or where none was read, something else that stays the same. */
function keyOf({ mark, scanId }: Scan): number {
  const parsed = mark.kind === 'payload' ? parseIndicium(mark.payload) : { failure: 'none' };
  return 'indicium' in parsed ? parsed.indicium.license : Number(scanId.match(/\d+$/)?.[0] ?? 0);
}

function batchOf(scans: readonly Scan[], registry: Registry, position: number) {
  return { readings: readingColumnsOf(scans, registry), source: 'test', position: `${position}` };
}

interface Day {
  readonly folder: string;
  /** All of it in one store, with its findings. */
  readonly single: string;
  readonly registry: Registry;
  readonly batches: readonly Scan[][];
}

async function simulatedDay(folder: string): Promise<Day> {
  const scenario = { seed: 31, pieces: 700, psds: 24, licenses: 16, frauds: FRAUDS, images: 'none' } as const;
  await simulate({ ...scenario, dayMs: DAY_MS }, folder);
  const registry = await loadRegistry(join(folder, 'registry'), DAY_MS + 86_400_000);
  const batches = await scanBatchesOf(join(folder, 'scans.ndjson'), 300);
  const single = join(folder, 'single.duckdb');
  const recorder = await Recorder.open(single, NEVER_PAUSED);
  await recorder.setRegistry(registry);
  for (const [index, scans] of batches.entries()) await recorder.record([batchOf(scans, registry, index)]);
  await recorder.detect();
  recorder.close();
  return { folder, single, registry, batches };
}

/** The day in a store for each partition, whose owners still have them open. */
async function split(test: TestContext, { batches, registry }: Day, partitionsAt = (_batch: number) => PARTITIONS) {
  const owners: PartitionRecorder[] = [];
  // Hooks run in the order in which they were made, and an owner fails whose folder is gone before it has closed.
  const close = () => Promise.all(owners.map((owner) => owner.close()));
  test.after(async () => void (await close()));
  const partitions = await temporaryFolder(test);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const owner = await claimPartition(partitions, partition, { ...NEVER_PAUSED, onFenced: assert.ifError });
    await owner.setRegistry(registry);
    owners.push(owner);
  }
  for (const [index, scans] of batches.entries()) {
    for (const [partition, owner] of owners.entries()) {
      const own = scans.filter((scan) => keyOf(scan) % partitionsAt(index) === partition);
      if (own.length > 0) await owner.record(batchOf(own, registry, index));
    }
  }
  return { partitions, owners, close };
}

/** What views hold, in an order that does not depend on where it came from. */
async function contentsOf(addresses: readonly string[], views: readonly string[]): Promise<Record<string, string[]>> {
  const reader = await openStores(addresses);
  const contents: Record<string, string[]> = {};
  for (const view of views) {
    const result = await reader.stream(`from ${view}`);
    // Numbers of rows and of revisions differ from store to store.
    const compared = result.columnNames().flatMap((name, column) => (/^(row_id|sequence)$/.test(name) ? [] : [column]));
    const rows = (await result.getRowsJson()).map((row) => JSON.stringify(compared.map((column) => row[column])));
    assert.ok(rows.length > 0, view);
    contents[view] = rows.toSorted();
  }
  reader.close();
  return contents;
}

async function assertSame(addresses: readonly string[], single: string, views: readonly string[]): Promise<void> {
  assert.deepEqual(await contentsOf(addresses, views), await contentsOf([single], views));
}

/** Gives out the views of a recorder, as a judge does. */
function serve(test: TestContext, owner: PartitionRecorder, folder: string): Promise<string> {
  return listening(test, async ({ url }, response) => {
    const view = EXPORTED_VIEWS.find((known) => url === `/${viewPath(known)}`);
    assert.ok(view !== undefined);
    const path = join(folder, `${basename(dirname(dirname(owner.path)))}-${view}.parquet`);
    await owner.exportView(view, path);
    createReadStream(path).pipe(response);
  });
}

async function listening(test: TestContext, onRequest: RequestListener): Promise<string> {
  // One that has a single store, and no list of them.
  const server = createServer((request, response) => {
    if (request.url === '/v1/stores') response.writeHead(404).end();
    else onRequest(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return `http://127.0.0.1:${address.port}`;
}

describe('several stores', () => {
  let day: Day;
  let removeDay: () => Promise<void>;
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
    removeDay = () => rm(folder, { recursive: true });
    day = await simulatedDay(folder);
  });
  after(() => removeDay());

  it('are asked as one, and detectors find over all of them what they find in one store', async (test) => {
    const { partitions, owners, close } = await split(test, day);
    await close();
    const { exitCode, stdout, stderr } = await indicia(['detect', '--db', partitions, '--json']);
    assert.equal(exitCode, 0, stderr);
    await assertSame([partitions], day.single, [...EVIDENCE_VIEWS, 'findings', 'cases', 'revisions', 'lists']);
    const listed = await indicia(['findings', '--db', partitions]);
    const one = await indicia(['findings', '--db', day.single]);
    assert.equal(listed.stdout, one.stdout);
    assert.deepEqual(jsonLines(stdout), [{ findings: jsonLines(one.stdout).length }]);
    const kinds = new Set(jsonLines<{ kind: string }>(one.stdout).map(({ kind }) => kind));
    assert.ok(kinds.size >= 18, [...kinds].join());
    // Nothing is new, and nothing is gathered twice.
    await detectOver(partitions);
    await assertSame([unionPath(partitions)], day.single, ['scans', 'findings']);
    // Days that left a store for Parquet are still seen, and those that were only copied are seen once.
    for (const [partition, keep] of [false, true].entries()) {
      const archive = join(partitions, `archive-000${partition}`);
      const moved = await archiveStore(owners[partition]?.path ?? '', {
        folder: archive,
        beforeMs: Number.MAX_SAFE_INTEGER,
        keep,
      });
      assert.ok(moved.rows > 0);
    }
    await assertSame([partitions], day.single, ['scans', 'pieces', 'verdicts', 'findings']);
  });

  it('show what lies in different partitions, also when licenses have moved between them', async (test) => {
    // From the third batch on there are four partitions, where there were three.
    const { partitions, owners, close } = await split(test, day, (batch) => (batch < 2 ? 3 : PARTITIONS));
    for (const owner of owners) await owner.detect();
    await close();
    assert.notDeepEqual(await contentsOf([partitions], ['findings']), await contentsOf([day.single], ['findings']));
    await detectOver(partitions);
    await assertSame([partitions], day.single, ['scans', 'findings']);
  });

  it('may be running: their owners give out what they hold, and record meanwhile', async (test) => {
    const { partitions, owners } = await split(test, day);
    const folder = await temporaryFolder(test);
    const closed = owners.slice(2);
    for (const owner of closed) await owner.close();
    const running = owners.slice(0, 2);
    const live = await Promise.all(running.map((owner) => serve(test, owner, folder)));
    const stores = [...live, ...closed.map(({ path }) => path)];
    await assertSame(stores, day.single, EVIDENCE_VIEWS);
    const all = await indicia(['verdicts', ...stores.flatMap((store) => ['--db', store])]);
    assert.equal(all.exitCode, 0, all.stderr);
    assert.equal(jsonLines(all.stdout).length, (await contentsOf([day.single], ['verdicts'])).verdicts?.length);
    const [first] = running;
    assert.ok(first !== undefined);
    const exported = first.exportView('pieces', join(folder, 'pieces.parquet'));
    const recorded = await first.record(batchOf(day.batches[0] ?? [], day.registry, 100));
    assert.ok(recorded.scans > 0);
    assert.ok((await exported) > 0);
    await assert.rejects(first.exportView('evidence; drop table evidence', join(folder, 'x')), RangeError);
    // A process that is not its owner cannot open it, and is told which one it is.
    const locked = await indicia(['query', '--db', partitions, 'from scans'], { isApart: true });
    assert.equal(locked.exitCode, 2);
    assert.match(locked.stderr, /partition-0000\/store-00000001\/store.duckdb: another process has this store open/);
  });

  it('are named by flags, or else by the environment, or else by the config file', async (test) => {
    const folder = await temporaryFolder(test);
    const config = join(folder, 'indicia.json');
    await writeFile(config, JSON.stringify({ db: join(folder, 'missing.duckdb') }));
    const ask = async (args: readonly string[], env: Record<string, string>) => {
      const count = ['query', '--config', config, '--format', 'csv', 'select count(*) from licenses'];
      const { stdout, stderr } = await indicia([...count, ...args], { env });
      return stdout.split('\n')[1] ?? stderr;
    };
    const both = ['--db', day.single, '--db', day.single];
    const [flags, environment, file] = await Promise.all([
      ask(both, { INDICIA_DB: 'elsewhere' }),
      ask([], { INDICIA_DB: day.single }),
      ask([], {}),
    ]);
    // Of the registry there is one, however many stores know it.
    const licenses = String((await contentsOf([day.single], ['licenses'])).licenses?.length);
    assert.deepEqual([flags, environment], [licenses, licenses]);
    assert.match(file, /missing.duckdb: no such store/);
  });

  it('that cannot be read are named', async (test) => {
    const folder = await temporaryFolder(test);
    const old = join(folder, 'old.duckdb');
    const store = await Store.open(old);
    await store.connection.run('update store_version set version = 2');
    store.close();
    const missing = join(folder, 'missing.duckdb');
    const nobody = await listening(test, (_, response) => response.writeHead(404).end());
    const other = await listening(test, (_, response) =>
      createReadStream(join(folder, 'other.parquet')).pipe(response),
    );
    const reader = await openForQueries([day.single]);
    const output = createWriteStream(join(folder, 'other.parquet'));
    await writeResult(await reader.query('select 1 as a'), 'parquet', output);
    reader.close();
    output.end();
    await once(output, 'finish');
    for (const [address, fault] of [
      [old, /old.duckdb: store version 2; this program reads version 6/],
      [missing, /missing.duckdb: no such store/],
      [folder, /neither partitions with a store nor an archive/],
      ['http://127.0.0.1:9', /http:\/\/127.0.0.1:9\/v1\/stores: no judge or server/],
      [nobody, /evidence.parquet: answered 404/],
      [other, /gives out a store without a version; this program reads version 6/],
    ] as const) {
      await assert.rejects(openStores([day.single, address]), (error) => {
        return error instanceof StoreError && fault.test(error.message);
      });
    }
  });
});

async function detectOver(folder: string): Promise<void> {
  const store = await Store.open(await gatherFolder(folder));
  await detect(store);
  store.close();
}
