import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { acceptStore, auditStore, Store, StoreError, StoreReader } from '../../analytics/index.ts';
import { vouchedFor } from '../../analytics/store/audit/vouching.ts';
import { expectedCatalog } from '../../analytics/store/schema/catalog.ts';
import { takeInRegistry } from '../../analytics/store/schema/take-in-registry.ts';
import { booksOf, HOME, LICENSE, MORNING_MS, PSD, Registers, seen } from '../support/books.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { recordEvidence } from '../support/evidence.ts';
import { changed, copyOf, entriesOf, storeWithEverything } from '../support/hostile-store.ts';
import { temporaryFolder } from '../support/temporary.ts';

const problemsOf = async (path: string) => (await auditStore(path, () => {})).problems;
const ANN = { author: { name: 'ann', nowMs: () => 77 } };

describe('the positions of sources', () => {
  const registers = new Registers();
  async function storeReadTo(test: TestContext): Promise<string> {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    await recordEvidence(store, [seen(registers.print(0))], 'one', '10');
    await recordEvidence(store, [seen(registers.print(1))], 'two', '20');
    // All scans had come before: the position alone moves.
    await recordEvidence(store, [], 'one', '11');
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
      await assert.rejects(takeInRegistry(connection, registry), /contradicts registry version 1/, sql);
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
      await recordEvidence(store, [seen(registers.print(batch))], 'test', `${batch}`);
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
    await recordEvidence(store, [seen(new Registers(PSD, LICENSE).print(9))], 'test', '3');
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
