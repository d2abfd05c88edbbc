import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { crc32 } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { auditStore, Store, StoreReader, upgradeStore } from '../../analytics/index.ts';
import { resetAnchor } from '../../analytics/store/audit/anchor.ts';
import { UNNAMED } from '../../analytics/store/audit/author.ts';
import { digestOf, NO_HEAD, rowChecksOf } from '../../analytics/store/audit/chain.ts';
import { NO_LEDGER } from '../../analytics/store/audit/ledger.ts';
import { SEALED, sealsOf } from '../../analytics/store/audit/seals.ts';
import { anchoredOf, noteIn } from '../../analytics/store/commits.ts';
import { columnsOfVersion } from '../../analytics/store/schema/columns.ts';
import { OLD_TABLES } from '../../analytics/store/schema/old-tables.ts';
import { readStoredRows } from '../../analytics/store/schema/stored-columns.ts';
import { Registers, seen } from '../support/books.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { recordEvidence } from '../support/evidence.ts';
import { changed, copyOf, storeWithEverything } from '../support/hostile-store.ts';
import { temporaryFolder } from '../support/temporary.ts';

const problemsOf = async (path: string) => (await auditStore(path, () => {})).problems;
const ANN = { author: { name: 'ann', nowMs: () => 77 } };

describe('a store that calls itself older', () => {
  it('is refused by every command with a sentence that says what to do, and taken only by --accept, which stays written', async (test) => {
    const path = await storeWithEverything(test);
    const copy = join(await temporaryFolder(test), 'older.duckdb');
    for (const version of [3, 4]) {
      copyOf(path, copy);
      await changed(copy, `update evidence set disposition = 'accept'; update store_version set version = ${version}`);
      rmSync(`${copy}.anchor`);
      for (const args of version === 4 ? [] : [['detect'], ['findings'], ['query', 'from scans'], ['reconcile']]) {
        const { exitCode, stderr } = await indicia([args[0] ?? '', '--db', copy, ...args.slice(1)]);
        assert.equal(exitCode, 2, args.join(' '));
        assert.match(stderr, /indicia doctor --db/, args.join(' '));
      }
      const looked = await indicia(['doctor', '--db', copy, '--json']);
      assert.equal(looked.exitCode, 3, looked.stderr);
      const kinds = jsonLines<{ problem?: string }>(looked.stdout).flatMap(({ problem }) => problem ?? []);
      assert.ok(kinds.includes('version-lowered') && kinds.includes('anchor-missing'), kinds.join());
    }
    copyOf(path, copy);
    await changed(copy, 'update store_version set version = 3');
    rmSync(`${copy}.anchor`);
    const accepted = await indicia(['doctor', '--db', copy, '--accept', '--json']);
    assert.equal(accepted.exitCode, 0, accepted.stderr);
    const records = jsonLines<{ accepted?: { problems: string[] }; by?: string; at?: string }>(accepted.stdout);
    const record = records.find((line) => line.accepted !== undefined);
    assert.match(record?.accepted?.problems.join() ?? '', /anchor.*says that it is of version 3/s);
    assert.ok(record?.by !== undefined && record.at !== undefined);
  });

  const OLD_EVIDENCE = `
    insert into source_position values ('old', '1200');
    insert into registry_version values (1, 'books', 0);`;

  it('of version 4 is brought up by its anchor with a word on stderr and in the ledger, and not without it', async (test) => {
    const old = await storeOfVersion4(test);
    const copy = join(await temporaryFolder(test), 'four.duckdb');
    copyOf(old, copy);
    const notices: string[] = [];
    const store = await Store.open(copy, { ...ANN, onNotice: (sentence) => notices.push(sentence) });
    assert.equal(store.rows, 1_200n);
    assert.equal(await store.positionOf('old'), '1200');
    assert.deepEqual(await rowsOf(store, 'select event, actor, at_ms from ledger'), [['upgraded', 'ann', '77']]);
    store.close();
    assert.match(notices.join(), /brought up from version 4 to 6, confirmed by its anchor: 1,200 rows/);
    assert.deepEqual(await problemsOf(copy), []);
    await changed(copy, "update evidence set disposition = 'accept' where row_id = 7");
    assert.deepEqual(
      (await problemsOf(copy)).map(({ problem, row }) => [problem, row]),
      [['row-changed', 7n]],
    );
    for (const [what, change] of [
      ['no anchor', async () => rmSync(`${copy}.anchor`)],
      [
        'rows and links cut off',
        () => changed(copy, 'delete from evidence where row_id > 600; delete from chain where first_row > 600'),
      ],
      ['another head', () => changed(copy, 'update chain set head = digest')],
      ['a table of a later version', () => changed(copy, 'create table ledger (x bigint)')],
      ['a column of a later version', () => changed(copy, 'alter table evidence add column sender varchar')],
    ] as const) {
      copyOf(old, copy);
      await change();
      await assert.rejects(Store.open(copy), /says that it is a store of version 4, and is not brought up/, what);
      const [unconfirmed] = await upgradeStore(copy, ANN, false);
      assert.equal(unconfirmed?.problem, 'upgrade-unconfirmed', what);
    }
    assert.equal((await indicia(['doctor', '--db', copy])).exitCode, 3);
  });

  it('of version 4 that was killed before its last anchor, or in its upgrade before the new one, is brought up all the same', async (test) => {
    const old = await storeOfVersion4(test);
    const copy = join(await temporaryFolder(test), 'four.duckdb');
    copyOf(old, copy);
    writeFileSync(`${copy}.anchor`, oldAnchor(600n, await headOf(old, 1n)));
    (await Store.open(copy)).close();
    const [whole, anchor] = [readFileSync(copy), readFileSync(`${copy}.anchor`)];
    // The upgrade is committed, and the anchor is still that of version 4.
    writeFileSync(`${copy}.anchor`, oldAnchor(600n, await headOf(old, 1n)));
    (await Store.open(copy)).close();
    assert.deepEqual(await problemsOf(copy), []);
    // From the next commit on it is no longer.
    writeFileSync(copy, whole);
    writeFileSync(`${copy}.anchor`, anchor);
    const store = await Store.open(copy);
    await recordEvidence(store, [seen(new Registers().print(0))], 'new', '1');
    store.close();
    writeFileSync(`${copy}.anchor`, oldAnchor(1_200n, await headOf(old, 601n)));
    await assert.rejects(Store.open(copy), /\.anchor beside the store/);
  });

  it('of version 4 or 3 is taken by --accept, and its ledger says by whom, when and what', async (test) => {
    const old = await storeOfVersion4(test);
    rmSync(`${old}.anchor`);
    const { exitCode, stderr } = await indicia(['doctor', '--db', old, '--accept']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /brought up from version 4 to 6, accepted as it was/);
    const reader = await StoreReader.open(old);
    const [row] = await (
      await reader.stream('select event, actor is not null, at_ms is not null, detail from ledger')
    ).getRowsJson();
    reader.close();
    assert.deepEqual(row?.slice(0, 3), ['accepted', true, true]);
    const detail = JSON.parse(String(row?.[3]));
    assert.deepEqual([detail.fromVersion, detail.rows, detail.doubts.length, detail.head.length], [4, '1200', 1, 64]);
  });

  it('of version 5 is brought up by its own seals and anchor, and not where either is changed', async (test) => {
    const old = await storeOfVersion5(test);
    const copy = join(await temporaryFolder(test), 'five.duckdb');
    for (const spoil of [
      () => changed(copy, "update case_closing set note = 'nothing to see'"),
      () => changed(copy, "insert into finding values ('copy', 1000, '06-2S-0', '', 'high', 'made up', 2)"),
      async () => rmSync(`${copy}.anchor`),
      () => changed(copy, 'alter table finding add column plant varchar'),
    ]) {
      copyOf(old, copy);
      await spoil();
      await assert.rejects(Store.open(copy), /says that it is a store of version 5, and is not brought up/);
    }
    copyOf(old, copy);
    const notices: string[] = [];
    const store = await Store.open(copy, { ...ANN, onNotice: (sentence) => notices.push(sentence) });
    assert.match(notices.join(), /brought up from version 5 to 6, confirmed by its anchor: 0 rows/);
    assert.deepEqual(await rowsOf(store, 'select case_id, note from case_closing'), [['license/1000', 'seen']]);
    assert.deepEqual(await rowsOf(store, 'select kind, license::integer, plant from findings'), [
      ['stale-date', 1000, null],
    ]);
    assert.deepEqual(await rowsOf(store, 'select event from ledger order by sequence'), [
      ['created'],
      ['case-closed'],
      ['upgraded'],
    ]);
    await recordEvidence(store, [seen(new Registers().print(0))], 'new', '1');
    store.close();
    assert.deepEqual(await problemsOf(copy), []);
    (await Store.open(copy)).close();
  });

  /** With a finding and a case that was closed, sealed and anchored as version 5 did. */
  async function storeOfVersion5(test: TestContext): Promise<string> {
    const path = join(await temporaryFolder(test), 'old.duckdb');
    const schema = await readFile(new URL('../vectors/store-v5.sql', import.meta.url), 'utf8');
    await changed(
      path,
      `${schema} insert into case_closing values (1, 'license/1000', 'seen', 5);
       insert into finding values ('stale-date', 1000, '06-2S-0', '', 'medium', 'dated early', 2);`,
    );
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    const tables = new Set(Object.keys(OLD_TABLES.get(5) ?? {}));
    const names = SEALED.map(({ name }) => name).filter((name) => tables.has(name) || name === 'archived_link');
    const seals = await sealsOf(connection, names);
    const before = { commitNumber: 0n, chain: { rows: 0n, head: NO_HEAD }, ledger: NO_LEDGER, seals: new Map() };
    const first = await noteIn(connection, before, { event: 'created', detail: { version: 5 }, seals }, UNNAMED);
    const end = await noteIn(connection, first, { event: 'case-closed', detail: {}, seals }, UNNAMED);
    connection.closeSync();
    instance.closeSync();
    resetAnchor(path, anchoredOf(end));
    return path;
  }

  /** With two links of 600 rows, and the anchor that version 4 wrote. */
  async function storeOfVersion4(test: TestContext): Promise<string> {
    const path = join(await temporaryFolder(test), 'old.duckdb');
    const schema = await readFile(new URL('../vectors/store-v4.sql', import.meta.url), 'utf8');
    await changed(
      path,
      `${schema} insert into evidence (row_id, scan_id, scan_digest, source, outcome, disposition, reasons, trust_version, policy_version)
       select range, 'scan ' || range, range, 'old', 'payload-empty', 'manual', 'payload-empty', 1, 1 from range(1, 1201);
       ${OLD_EVIDENCE}`,
    );
    await linkAsVersion4(path);
    return path;
  }
});

/** Magic, rows, head and CRC-32, as version 4 wrote them into both slots. */
function oldAnchor(rows: bigint, head: Uint8Array): Buffer {
  const record = Buffer.alloc(52);
  record.write('INDANCH1', 'latin1');
  record.writeBigUInt64BE(rows, 8);
  record.set(head, 16);
  record.writeUInt32BE(crc32(record.subarray(0, 48)), 48);
  const file = Buffer.alloc(4_096 + 52);
  record.copy(file, 0);
  record.copy(file, 4_096);
  return file;
}

async function headOf(path: string, firstRow: bigint): Promise<Uint8Array> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(`select hex(head) from chain where first_row = ${firstRow}`);
  const head = Buffer.from(String(result.getRows()[0]?.[0]), 'hex');
  connection.closeSync();
  instance.closeSync();
  return head;
}

/** Links and anchor as the program of version 4 made them: heads over the head before, the place and the digest. */
async function linkAsVersion4(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  let head: Buffer = Buffer.alloc(32);
  // This program reads its own columns, of which version 4 has not all.
  await connection.run('alter table evidence add column sender varchar');
  await connection.run('alter table evidence add column received_at_ms bigint');
  const links: [bigint, Uint8Array, Buffer, Buffer][] = [];
  for (const firstRow of [1n, 601n]) {
    const { columns } = await readStoredRows(connection, firstRow, firstRow + 599n);
    const { covered } = columnsOfVersion(columns, 4);
    const place = Buffer.alloc(16);
    place.writeBigUInt64BE(firstRow, 0);
    place.writeBigUInt64BE(600n, 8);
    const digest = digestOf(covered, 600);
    head = createHash('sha256').update(head).update(place).update(digest).digest();
    links.push([firstRow, new Uint8Array(rowChecksOf(covered, 600).buffer), digest, head]);
  }
  await connection.run('alter table evidence drop column sender');
  await connection.run('alter table evidence drop column received_at_ms');
  for (const [firstRow, checks, digest, linkHead] of links) {
    const hex = (bytes: Uint8Array) => `from_hex('${Buffer.from(bytes).toString('hex')}')`;
    await connection.run(
      `insert into chain values (${firstRow}, 600, ${hex(checks)}, ${hex(digest)}, ${hex(linkHead)}, false)`,
    );
  }
  connection.closeSync();
  instance.closeSync();
  writeFileSync(`${path}.anchor`, oldAnchor(1_200n, head));
}

async function rowsOf(store: Store, sql: string): Promise<unknown[][]> {
  return (await store.connection.runAndReadAll(sql)).getRowsJson();
}
