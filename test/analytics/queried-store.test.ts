import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import {
  DEPRECATED_COLUMNS,
  openForQueries,
  PUBLIC_VIEW_NAMES,
  type QueriedStore,
  QueryError,
  Store,
  writeResult,
} from '../../analytics/index.ts';
import { REGISTRY_SEALS } from '../../analytics/store/audit/seals.ts';
import { exportTo } from '../../analytics/store/queries/export.ts';
import { Collected } from '../support/collected.ts';

describe('a store that is asked in SQL', () => {
  let folder: string;
  let path: string;
  let store: QueriedStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
    path = join(folder, 'day.duckdb');
    const written = await Store.open(path);
    await written.fill('registry-taken', REGISTRY_SEALS, async () => {
      await written.connection.run(`
        insert into registry_grant values (7, 'PSD', 1795514580123, null, 1, null);
        insert into registry_license values (7, 'Holder', 'Town', '06484', 2, 0, 4102444800000, null, 1, null);
        insert into registry_rate values (1, 20, 730, 0, 4102444800000, 1, null);`);
      return {};
    });
    for (const view of PUBLIC_VIEW_NAMES) await exportTo(written.connection, view, join(folder, `${view}.parquet`));
    written.close();
    store = await openForQueries([path]);
  });
  after(async () => {
    store.close();
    await rm(folder, { recursive: true });
  });

  async function rows(sql: string): Promise<Record<string, unknown>[]> {
    const output = new Collected();
    await writeResult(await store.query(sql), 'json', output);
    const lines = output.text.split('\n');
    return lines.filter((line) => line !== '').map((line): Record<string, unknown> => JSON.parse(line));
  }

  const refused = (sql: string, fault: RegExp) =>
    assert.rejects(rows(sql), (error) => error instanceof QueryError && fault.test(error.message), sql);

  it('shows the public views and nothing else', async () => {
    for (const sql of ['show tables', 'pragma show_tables', 'SHOW TABLES; -- all']) {
      assert.deepEqual(
        (await rows(sql)).map(({ name }) => name),
        PUBLIC_VIEW_NAMES.toSorted(),
      );
    }
    const inDefault = `select table_name from information_schema.tables where table_catalog = current_database() order by all`;
    assert.deepEqual(
      (await rows(inDefault)).map(({ table_name }) => table_name),
      PUBLIC_VIEW_NAMES.toSorted(),
    );
  });

  it('has its own tables under the name of their catalog', async () => {
    assert.deepEqual(await rows('select count(*) as rows from store.evidence'), [{ rows: 0 }]);
    await refused('from evidence', /Did you mean "store.*evidence"/);
  });

  it('has every time as a timestamp, and milliseconds under deprecated names alone', async () => {
    for (const view of PUBLIC_VIEW_NAMES) {
      const columns = await rows(`describe ${view}`);
      const named = columns.map(({ column_name, column_type }) => [String(column_name), String(column_type)] as const);
      const old = DEPRECATED_COLUMNS.get(view) ?? [];
      assert.deepEqual(
        named.filter(([name]) => /_ms$/.test(name)).map(([name]) => name),
        old,
        view,
      );
      for (const [name, type] of named) {
        assert.equal(type === 'TIMESTAMP', /_at$/.test(name), `${view}.${name} ${type}`);
      }
      for (const name of old) {
        const at = name.replace(/(_at)?_ms$/, '_at');
        assert.deepEqual(
          await rows(`select ${name} from ${view} where epoch_ms(${name}) is distinct from ${at}`),
          [],
          name,
        );
      }
    }
    assert.deepEqual(await rows('select granted_at, ended_at, granted_at_ms from grants'), [
      { granted_at: '2026-11-24T10:03:00.123Z', ended_at: null, granted_at_ms: 1795514580123 },
    ]);
    assert.deepEqual(await rows('select valid_to_at from licenses union all select valid_to_at from rates'), [
      { valid_to_at: '2100-01-01T00:00:00.000Z' },
      { valid_to_at: '2100-01-01T00:00:00.000Z' },
    ]);
  });

  it('gives out each view over HTTP with the columns, types and rows of an answer in Parquet', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const read = async (path: string) => {
      const result = await connection.runAndReadAll(`from read_parquet('${path}')`);
      return [result.columnNames(), result.columnTypes().map(String), result.getRows()];
    };
    for (const view of PUBLIC_VIEW_NAMES) {
      const asked = join(folder, 'asked.parquet');
      const output = createWriteStream(asked);
      await writeResult(await store.query(`from ${view}`), 'parquet', output);
      await new Promise((done) => output.end(done));
      assert.deepEqual(await read(join(folder, `${view}.parquet`)), await read(asked), view);
    }
    const [names = [], types = []] = await read(join(folder, 'grants.parquet'));
    assert.deepEqual([names[2], types[2]], ['granted_at', 'TIMESTAMP WITH TIME ZONE']);
    connection.closeSync();
    instance.closeSync();
  });

  it('answers one statement, whatever stands in its texts and comments', async () => {
    assert.deepEqual(await rows("select ';' as a -- ; select 2\n;"), [{ a: ';' }]);
    assert.deepEqual(await rows('/* first; */ select 1 as a;;'), [{ a: 1 }]);
    for (const sql of ['select 1 as a; select 2 as a', "select ';'; select 2", 'explain select 1; select 2']) {
      await refused(sql, /^one statement at a time: these are 2/);
    }
    await refused('select 1; select 2; select 3', /these are 3/);
    for (const sql of ['', ' \n', '-- nothing', ';', '/* ; */']) await refused(sql, /^there is no statement$/);
    await refused('pivot scans on plant using count(*)', /a PIVOT without a list after IN/);
  });

  it('answers nothing but what reads', async () => {
    const named: readonly (readonly [sql: string, kind: string])[] = [
      ['set threads = 1', 'SET'],
      ['create table t (a int)', 'CREATE'],
      ["attach 'x.duckdb' as x", 'ATTACH'],
      ['prepare p as select 1', 'PREPARE'],
      ['begin', 'TRANSACTION'],
      ['call duckdb_tables()', 'CALL'],
      ['use store', 'SET'],
      ['checkpoint', 'CALL'],
      ['load httpfs', 'LOAD'],
      ['explain select 1', 'EXPLAIN'],
      ['explain analyze select 1', 'EXPLAIN'],
    ];
    for (const [sql, kind] of named) await refused(sql, new RegExp(`^only what reads is answered.*this is ${kind}$`));
  });

  it('reaches no other file, no network and no setting', async () => {
    for (const sql of [
      `from read_text('${join(folder, 'other')}')`,
      `from "read_text"('/etc/passwd')`,
      `from '/etc/passwd'`,
      `from glob('/*')`,
      `from read_csv('https://example.org/x.csv')`,
      `from query('from read_text(''/etc/passwd'')')`,
      `copy (select 1) to '${join(folder, 'other')}'`,
    ]) {
      await refused(sql, /disabled by configuration|passwd does not exist/);
    }
  });

  it('is written over by no statement, although DuckDB would let a COPY do so', async () => {
    const before = await readFile(path);
    const copy = `copy (select 1) to '${path}' (format csv, use_tmp_file false)`;
    await refused(copy, /this is COPY$/);
    await refused(`explain analyze ${copy}`, /this is EXPLAIN$/);
    await refused('delete from store.evidence', /read-only|this is DELETE$/);
    await refused('select 1; drop table store.evidence', /^one statement at a time/);
    assert.ok(before.equals(await readFile(path)));
  });
});
