import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { crc32 } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { acceptStore, auditStore, Store, StoreError, StoreReader, upgradeStore } from '../../analytics/index.ts';
import { catalogOf, differencesOf, expectedCatalog } from '../../analytics/store/catalog.ts';
import { digestOf, rowChecksOf } from '../../analytics/store/chain.ts';
import { columnsOfVersion } from '../../analytics/store/columns.ts';
import { takeInRegistry } from '../../analytics/store/registry-tables.ts';
import { SEALED, sealOf } from '../../analytics/store/seals.ts';
import { readStoredRows } from '../../analytics/store/stored-columns.ts';
import { vouchedFor } from '../../analytics/store/vouching.ts';
import { booksOf, HOME, LICENSE, MORNING_MS, PSD, Registers, seen } from '../support/books.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { changed, copyOf, storeWithEverything } from '../support/hostile-store.ts';
import { temporaryFolder } from '../support/temporary.ts';

const problemsOf = async (path: string) => (await auditStore(path, () => {})).problems;
const ANN = { author: { name: 'ann', nowMs: () => 77 } };

/** What only the audit compares, since opening would take as long as reading everything: rows, and older links and entries. */
const FOUND_BY_AUDIT_ONLY: Readonly<Record<string, readonly string[]>> = {
  evidence: ['change'],
  chain: ['change', 'double'],
  ledger: ['change', 'delete', 'double'],
};

interface Columns {
  readonly table: string;
  readonly names: readonly string[];
  readonly types: readonly string[];
}

async function tablesOf(path: string): Promise<Columns[]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(
    `select table_name, list(column_name order by column_index), list(data_type order by column_index)
     from duckdb_columns() semi join (select table_name from duckdb_tables()) using (table_name)
     where not internal group by 1 order by 1`,
  );
  const rows = result.getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows.map(([table, names, types]) => {
    assert.ok(Array.isArray(names) && Array.isArray(types));
    return { table: String(table), names: names.map(String), types: types.map(String) };
  });
}

function otherThan(column: string, type: string): string {
  if (type === 'VARCHAR') return `coalesce("${column}", '') || 'x'`;
  if (type === 'BOOLEAN') return `not "${column}"`;
  if (type === 'BLOB') return `coalesce("${column}", ''::blob) || '\\x07'::blob`;
  if (type === 'VARCHAR[]') return `list_append("${column}", 'x')`;
  if (type === 'TIMESTAMP') return `coalesce("${column}", '2026-01-01'::timestamp) + interval 1 hour`;
  return `coalesce("${column}", 0) + 1`;
}

describe('a table of a store that somebody changed with SQL', () => {
  it('is found by the audit, whatever column it is; and refused when it is opened, but for what takes a look at every row', async (test) => {
    const path = await storeWithEverything(test);
    assert.deepEqual(await problemsOf(path), []);
    const copy = join(await temporaryFolder(test), 'changed.duckdb');
    const silent: string[] = [];
    const sealed = new Set(SEALED.map(({ name }) => name));
    for (const { table, names, types } of await tablesOf(path)) {
      const first = `rowid = (select min(rowid) from ${table})`;
      const column = names.at(-1) ?? '';
      // The last link and entry are what the anchor names; the first are the past.
      const changes = {
        delete: `delete from ${table} where ${first}`,
        double: `insert into ${table} select * from ${table} where ${first}`,
        change: `update ${table} set "${column}" = ${otherThan(column, types.at(-1) ?? '')} where ${first}`,
      };
      for (const [what, sql] of Object.entries(changes)) {
        copyOf(path, copy);
        await changed(copy, sql);
        if (!(await problemsOfOrRefusal(copy))) silent.push(`audit: ${sql}`);
        // Seals are compared alike by both: one change of each table is enough.
        if (sealed.has(table) && what !== 'delete') continue;
        const isRefused = await Store.open(copy).then(
          (store) => store.close(),
          (error) => error instanceof StoreError,
        );
        if (isRefused !== true && !FOUND_BY_AUDIT_ONLY[table]?.includes(what)) silent.push(`open: ${sql}`);
      }
    }
    assert.deepEqual(silent, []);
  });

  it('has a digest that depends on every column, every row and their number', async (test) => {
    const path = await storeWithEverything(test);
    const tables = new Map((await tablesOf(path)).map((columns) => [columns.table, columns]));
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    const silent: string[] = [];
    for (const relation of SEALED) {
      const { name } = relation;
      const seal = await sealOf(connection, relation);
      const columns = tables.get(name === 'archived_link' ? 'chain' : name) ?? assert.fail(name);
      assert.notEqual(seal[0], '0', `${name} is empty, which proves nothing`);
      for (const [index, column] of columns.names.entries()) {
        if (name === 'archived_link' && !['first_row', 'is_archived'].includes(column)) continue;
        const other = otherThan(column, columns.types[index] ?? '');
        await connection.run(`begin; update ${columns.table} set "${column}" = ${other}`);
        if ((await sealOf(connection, relation)) === seal) silent.push(`${name}.${column}`);
        await connection.run('rollback');
      }
    }
    connection.closeSync();
    instance.closeSync();
    assert.deepEqual(silent, []);
  });

  it('is refused where its columns, types or defaults are others, or where it is a view', async (test) => {
    const path = await storeWithEverything(test);
    const copy = join(await temporaryFolder(test), 'changed.duckdb');
    for (const sql of [
      'alter table evidence add column more bigint',
      'alter table finding drop column detail',
      'alter table revision alter column sequence type varchar',
      "alter table evidence alter column disposition set default 'accept'",
      'drop table told_finding',
      'create table more (x bigint)',
      'alter table finding rename to hidden; create view finding as from hidden limit 0',
      'create index slow on evidence (scan_id)',
      'create unique index once on evidence (row_id)',
      'create sequence more',
      "create type more as enum ('a')",
      'create schema more; create table more.evidence (x bigint)',
      'insert into store_version values (5)',
      'update store_version set version = 4',
    ]) {
      copyOf(path, copy);
      await changed(copy, sql);
      await assert.rejects(Store.open(copy), StoreError, sql);
      await assert.rejects(StoreReader.open(copy), StoreError, sql);
      assert.ok(await problemsOfOrRefusal(copy), sql);
    }
    assert.notEqual((await indicia(['doctor', '--db', copy])).exitCode, 0);
  });
});

/** Whether the audit finds something, or cannot read it at all. */
async function problemsOfOrRefusal(path: string): Promise<boolean> {
  return problemsOf(path).then(
    (problems) => problems.length > 0,
    (error) => error instanceof StoreError,
  );
}

describe('a view or macro that somebody replaced', () => {
  const views = async () => (await expectedCatalog()).filter(({ kind }) => kind === 'view').map(({ name }) => name);
  const MACROS = [
    'create or replace macro distance_km(latitude, longitude, other_latitude, other_longitude) as 0',
    'drop macro distance_km',
    // Macros stand before DuckDB's own functions and operators.
    "create macro sha256(x) as 'always the same'",
    'create macro "+"(a, b) as 7',
    'create macro count(x) as 99',
    "create macro duckdb_views() as table select 'main' as schema_name, 'scans' as view_name, 'nothing' as sql",
    'create view more as select 1 as a',
    'create view duckdb_tables as select 1 as a',
  ];

  it('is found, and made anew when the store is opened for writing, which the ledger notes', async (test) => {
    const path = await storeWithEverything(test);
    const copy = join(await temporaryFolder(test), 'changed.duckdb');
    const replaced = (await views()).map((view) => `create or replace view ${view} as select 1 as a`);
    for (const sql of [replaced.join(';'), ...MACROS, 'drop view findings; drop view cases']) {
      copyOf(path, copy);
      await changed(copy, sql);
      await assert.rejects(StoreReader.open(copy), /made anew when it is next opened for writing/, sql);
      const problems = await problemsOf(copy);
      assert.ok(
        problems.length > 0 && problems.every(({ problem }) => problem === 'view-changed'),
        `${sql}: ${JSON.stringify(problems.map(({ problem, detail }) => [problem, detail]))}`,
      );
      const notices: string[] = [];
      const store = await Store.open(copy, { ...ANN, onNotice: (sentence) => notices.push(sentence) });
      const noted = await store.connection.runAndReadAll(
        'select event, actor, at_ms from ledger order by sequence desc limit 1',
      );
      assert.deepEqual(noted.getRowsJson(), [['views-renewed', 'ann', '77']], sql);
      store.close();
      assert.equal(notices.length, 1, sql);
      assert.deepEqual(await problemsOf(copy), [], sql);
    }
  });

  it('is told from that of this program, each of them', async (test) => {
    const instance = await DuckDBInstance.create(await storeWithEverything(test));
    const connection = await instance.connect();
    const expected = await expectedCatalog();
    const found: string[] = [];
    for (const view of await views()) {
      await connection.run(`begin; create or replace view ${view} as from (select 1 as a)`);
      found.push(...differencesOf(await catalogOf(connection), expected).map(({ name }) => name));
      await connection.run('rollback');
    }
    connection.closeSync();
    instance.closeSync();
    assert.deepEqual(found, await views());
  });

  it('is not made anew, and nothing is written, where nothing differs', async (test) => {
    const path = await storeWithEverything(test);
    const before = await entriesOf(path);
    (await Store.open(path)).close();
    assert.deepEqual(await entriesOf(path), before);
  });
});

async function entriesOf(path: string): Promise<string[]> {
  const reader = await StoreReader.open(path);
  const result = await reader.stream('select event from ledger order by sequence');
  const rows = await result.getRowsJson();
  reader.close();
  return rows.map(([event]) => String(event));
}

describe('the positions of sources', () => {
  const registers = new Registers();
  async function storeReadTo(test: TestContext): Promise<string> {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    await store.record([seen(registers.print(0))], 'one', '10');
    await store.record([seen(registers.print(1))], 'two', '20');
    // All scans had come before: the position alone moves.
    await store.record([], 'one', '11');
    store.close();
    return path;
  }

  it('are known after a restart, also where no rows came with them', async (test) => {
    const store = await Store.open(await storeReadTo(test));
    assert.deepEqual([await store.positionOf('one'), await store.positionOf('two')], ['11', '20']);
    store.close();
  });

  it('are refused when one was moved, added, removed or doubled', async (test) => {
    const path = await storeReadTo(test);
    const copy = join(await temporaryFolder(test), 'moved.duckdb');
    for (const sql of [
      "update source_position set position = '12' where source = 'one'",
      "update source_position set position = '10' where source = 'one'",
      "update source_position set position = case source when 'one' then '20' else '11' end",
      "insert into source_position values ('three', '373')",
      "delete from source_position where source = 'two'",
      "insert into source_position values ('two', '2000')",
    ]) {
      copyOf(path, copy);
      await changed(copy, sql);
      await assert.rejects(Store.open(copy), /how far sources were read is not what was recorded/, sql);
      assert.deepEqual(
        (await problemsOf(copy)).map(({ problem }) => problem),
        ['position-moved'],
        sql,
      );
    }
    copyOf(path, copy);
    await changed(copy, "update chain set positions = from_hex(repeat('00', 32))");
    await assert.rejects(Store.open(copy), StoreError, 'nor can the link be changed with them');
  });
});

describe('the registry in a store', () => {
  const PLANTS = [{ plant: 'P1', postcode: HOME }];

  it('is refused when it does not say what the list says, even where all digests were made to fit', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const registry = booksOf({ plants: PLANTS });
    const store = await Store.open(path);
    await store.setRegistry(registry);
    await store.setRegistry(registry);
    assert.deepEqual(await rowsOf(store, "select count(*) from ledger where event = 'registry-taken'"), [['1']]);
    // As after a rewrite of store, ledger and anchor together.
    for (const sql of [
      'update registry_funds set amount_mills = 10 * amount_mills',
      'delete from registry_grant where rowid = (select min(rowid) from registry_grant)',
      "insert into registry_plant select 'P2', postcode, latitude, longitude, since_version, until_version from registry_plant",
    ]) {
      await store.connection.run(`begin; ${sql};`);
      const { connection } = store;
      await assert.rejects(takeInRegistry(connection, registry), /says something else than registry version 1/, sql);
      await connection.run('rollback');
    }
    store.close();
    await changed(path, 'update registry_funds set amount_mills = 10 * amount_mills');
    await assert.rejects(Store.open(path), /the table "registry_funds" is not what it was/);
    await assert.rejects(StoreReader.open(path), /the table "registry_funds" is not what it was/);
    await acceptStore(path, ANN);
    const again = await Store.open(path);
    await again.setRegistry(registry);
    assert.deepEqual(
      await rowsOf(again, 'select max(amount_mills) from funds'),
      [['100000']],
      'the list is taken in again',
    );
    again.close();
  });
});

async function rowsOf(store: Store, sql: string): Promise<unknown[][]> {
  return (await store.connection.runAndReadAll(sql)).getRowsJson();
}

describe('an anchor that is older than its store', () => {
  it('is taken where a kill can have left it, and refused where more was committed since', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const registers = new Registers();
    const store = await Store.open(path);
    const anchors: Buffer[] = [];
    for (let batch = 0; batch < 4; batch++) {
      await store.record([seen(registers.print(batch))], 'test', `${batch}`);
      anchors.push(readFileSync(`${path}.anchor`));
    }
    store.close();
    const copy = join(await temporaryFolder(test), 'older.duckdb');
    for (const [batch, anchor] of anchors.entries()) {
      copyOf(path, copy);
      writeFileSync(`${copy}.anchor`, anchor);
      if (batch >= 2) {
        assert.deepEqual(await problemsOf(copy), []);
        (await Store.open(copy)).close();
        continue;
      }
      assert.deepEqual(
        (await problemsOf(copy)).map(({ problem }) => problem),
        ['anchor-behind'],
      );
      await assert.rejects(Store.open(copy), /an older anchor took its place/);
      await acceptStore(copy, ANN);
      (await Store.open(copy)).close();
    }
  });

  it('is refused also where only the ledger has moved on', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    const anchor = readFileSync(`${path}.anchor`);
    for (const version of [1, 2]) await store.setRegistry(booksOf({ version, digest: `${version}` }));
    store.close();
    writeFileSync(`${path}.anchor`, anchor);
    await assert.rejects(Store.open(path), /2 commits came after the one that its anchor names/);
  });
});

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
    assert.match(notices.join(), /brought up from version 4 to 5, confirmed by its anchor: 1200 rows/);
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
    await store.record([seen(new Registers().print(0))], 'new', '1');
    store.close();
    writeFileSync(`${copy}.anchor`, oldAnchor(1_200n, await headOf(old, 601n)));
    await assert.rejects(Store.open(copy), /\.anchor beside the store/);
  });

  it('of version 4 or 3 is taken by --accept, and its ledger says by whom, when and what', async (test) => {
    const old = await storeOfVersion4(test);
    rmSync(`${old}.anchor`);
    const { exitCode, stderr } = await indicia(['doctor', '--db', old, '--accept']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /brought up from version 4 to 5, accepted as it was/);
    const reader = await StoreReader.open(old);
    const [row] = await (
      await reader.stream('select event, actor is not null, at_ms is not null, detail from ledger')
    ).getRowsJson();
    reader.close();
    assert.deepEqual(row?.slice(0, 3), ['accepted', true, true]);
    const detail = JSON.parse(String(row?.[3]));
    assert.deepEqual([detail.fromVersion, detail.rows, detail.doubts.length, detail.head.length], [4, '1200', 1, 64]);
  });

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
  await connection.run('alter table evidence add column sender varchar');
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

describe('what the doctor vouches for', () => {
  it('is said of every table, view and macro of the schema', async () => {
    const vouched = await vouchedFor({ problems: [], archivedRows: 0n, isArchiveCompared: false, isCompared: true });
    const said = new Set(vouched.filter(({ isVouched }) => isVouched).map(({ what }) => what));
    const missing = (await expectedCatalog()).filter(({ name }) => !said.has(name));
    assert.deepEqual(missing, []);
  });

  it('is printed, with what it does not, and with a head that finds a past rewritten together with its anchor', async (test) => {
    const path = await storeWithEverything(test);
    const { exitCode, stdout } = await indicia(['doctor', '--db', path, '--json']);
    assert.equal(exitCode, 0);
    const lines = jsonLines<{ what?: string; isVouched?: boolean; head?: string }>(stdout);
    const not = lines.filter(({ isVouched }) => isVouched === false).map(({ what }) => what);
    assert.deepEqual(not, ['archived rows', 'the anchor', 'what plants said']);
    const head = lines.find((line) => line.head !== undefined)?.head ?? '';
    const text = await indicia(['doctor', '--db', path]);
    assert.match(text.stdout, /vouched for {6}table finding: .*not vouched for {2}the anchor: .*head \d+-/s);
    const store = await Store.open(path);
    await store.record([seen(new Registers(PSD, LICENSE).print(9))], 'test', '3');
    store.close();
    assert.equal((await indicia(['doctor', '--db', path, '--head', head])).exitCode, 0, 'a store that has grown');
    const other = await storeWithEverything(test);
    const compared = await indicia(['doctor', '--db', other, '--head', head, '--json']);
    assert.equal(compared.exitCode, 3);
    assert.match(compared.stdout, /head-differs/);
    assert.equal((await indicia(['doctor', '--db', path, '--head', 'x'])).exitCode, 2);
  });

  it('is refused to be accepted where rows were changed, and noted where anything else was', async (test) => {
    const path = await storeWithEverything(test);
    await changed(path, "delete from finding; update case_closing set note = 'nothing to see'");
    const { exitCode, stderr } = await indicia(['doctor', '--db', path, '--accept']);
    assert.equal(exitCode, 0, stderr);
    assert.ok((await entriesOf(path)).includes('accepted'));
    const found = await indicia(['detect', '--db', path, '--json']);
    assert.ok((jsonLines<{ findings: number }>(found.stdout)[0]?.findings ?? 0) > 0, 'findings are made anew');
    assert.deepEqual(await problemsOf(path), []);
    await changed(path, "update evidence set disposition = 'accept', reasons = 'x'");
    assert.equal((await indicia(['doctor', '--db', path, '--accept'])).exitCode, 2);
  });
});

it('what the ledger notes of a day says who did what, and when', async (test) => {
  const path = await storeWithEverything(test);
  const reader = await StoreReader.open(path);
  const result = await reader.stream('select event, actor, at_ms from ledger order by sequence');
  const rows = await result.getRowsJson();
  reader.close();
  const at = ['ann', `${MORNING_MS}`];
  assert.deepEqual(rows, [
    ['created', ...at],
    ['registry-taken', ...at],
    ['detected', ...at],
    ['registry-taken', ...at],
    ['detected', ...at],
    ['findings-told', ...at],
    ['case-closed', ...at],
    ['archived', null, null],
  ]);
});
