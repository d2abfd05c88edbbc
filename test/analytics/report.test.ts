import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { Store, StoreReader } from '../../analytics/index.ts';
import { renderReport } from '../../desk/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** DuckDB hands out 2,048 rows at a time. */
const FINDINGS = 2_100;

describe('a report', () => {
  it('has every finding, however many there are', async (test) => {
    const folder = await temporaryFolder(test);
    const path = join(folder, 'store.duckdb');
    (await Store.open(path)).close();
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run(`create or replace temp view findings as
      select 'copy' as kind, 'high' as severity, range as license, null::varchar as psd, []::varchar[] as scan_ids,
        'a piece ' || range as detail, 1 as policy_version, []::varchar[] as brought_by, null::varchar as word_of,
        'unknown' as role, '' as key
      from range(${FINDINGS})`);
    const reader = new StoreReader(instance, connection);
    const page = await renderReport(reader, folder);
    reader.close();
    assert.equal(page.match(/a piece \d+/g)?.length, FINDINGS);
  });
});
