import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { auditStore, Store, StoreError, StoreReader } from '../../analytics/index.ts';
import { SEALED, sealsOf, storeSeals } from '../../analytics/store/audit/seals.ts';
import { catalogOf, differencesOf, expectedCatalog } from '../../analytics/store/schema/catalog.ts';
import { indicia } from '../support/command-line.ts';
import { changed, copyOf, entriesOf, storeWithEverything } from '../support/hostile-store.ts';
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
  it('is found by the audit, in any column; and refused when it is opened, but for what takes a look at every row', async (test) => {
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
    for (const { name } of SEALED) {
      const sealNow = async () => (await sealsOf(connection, [name])).get(name);
      const seal = await sealNow();
      const columns = tables.get(name === 'archived_link' ? 'chain' : name) ?? assert.fail(name);
      assert.ok(seal !== undefined && !seal.startsWith('0:'), `${name} is empty, which proves nothing`);
      for (const [index, column] of columns.names.entries()) {
        if (name === 'archived_link' && !['first_row', 'is_archived'].includes(column)) continue;
        const other = otherThan(column, columns.types[index] ?? '');
        await connection.run(`begin; update ${columns.table} set "${column}" = ${other}`);
        if ((await sealNow()) === seal) silent.push(`${name}.${column}`);
        await connection.run('rollback');
      }
    }
    connection.closeSync();
    instance.closeSync();
    assert.deepEqual(silent, []);
  });

  it('is found also where its digest was made to fit: the ledger names another', async (test) => {
    const path = await storeWithEverything(test);
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run('delete from finding');
    const seals = await sealsOf(connection, ['finding']);
    await storeSeals(connection, seals);
    connection.closeSync();
    instance.closeSync();
    await assert.rejects(
      Store.open(path),
      /digests in the table "sealed" are not those of the last entry of the ledger/,
    );
    assert.deepEqual(
      (await problemsOf(path)).map(({ problem, name }) => [problem, name]),
      [['ledger-changed', 'sealed']],
    );
  });

  it('is refused where the last entry of the ledger tells something else than was noted', async (test) => {
    const path = await storeWithEverything(test);
    const copy = join(await temporaryFolder(test), 'changed.duckdb');
    const last = 'where sequence = (select max(sequence) from ledger)';
    for (const change of ["actor = 'bob'", "detail = '{}'"]) {
      copyOf(path, copy);
      await changed(copy, `update ledger set ${change} ${last}`);
      await assert.rejects(
        Store.open(copy),
        /the last entry of the ledger .* does not follow from the one before/,
        change,
      );
      await assert.rejects(StoreReader.open(copy), StoreError, change);
      const problems = await problemsOf(copy);
      assert.ok(
        problems.some(({ problem }) => problem === 'ledger-changed'),
        change,
      );
    }
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
