import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { detect, Store } from '../../analytics/index.ts';
import { CASE_VIEWS_SQL } from '../../analytics/store/case-views.ts';
import { FINDING_FROM_3_SQL, FINDING_VIEWS_SQL } from '../../analytics/store/finding-schema.ts';
import { REGISTRY_FROM_3_SQL, REGISTRY_VIEWS_SQL } from '../../analytics/store/registry-schema.ts';
import { booksOf, Registers, seen } from '../support/books.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Registry, findings and their views as version 3 made them. */
const VERSION_3_SQL = `
create table registry_version (version bigint not null, digest varchar not null, issued_at_ms bigint not null);
create table registry_license (
  license bigint, holder varchar, town varchar, deposit_postcode varchar, psd_limit bigint, valid_from_ms bigint,
  valid_to_ms bigint, revoked_at_ms bigint
);
create table registry_grant (license bigint, psd varchar, granted_at_ms bigint, ended_at_ms bigint);
create table registry_psd (psd varchar, user_name varchar);
create table registry_funds (license bigint, psd varchar, refill bigint, amount_mills bigint, paid_at_ms bigint);
create table registry_refund (
  license bigint, psd varchar, piece_count ubigint, amount_mills bigint, refunded_at_ms bigint
);
create table registry_rate (
  rate_category integer, weight_grams_max integer, postage_mills bigint, valid_from_ms bigint, valid_to_ms bigint
);
create table registry_plant (plant varchar, postcode varchar);
create table registry_withdrawal (
  license bigint, psd varchar, epoch uinteger, piece_count ubigint, ascending_mills bigint, returned_mills bigint,
  withdrawn_at_ms bigint
);
create table finding (
  kind varchar, severity varchar, license bigint, psd varchar, scan_ids varchar[], detail varchar
);
create view findings as select * from finding;
create view licenses as select * from registry_license;
create view grants as select * from registry_grant;
create view psds as select psd, user_name as "user" from registry_psd;
create view funds as select license, psd, refill, amount_mills, epoch_ms(paid_at_ms) as paid_at from registry_funds;
create view refunds as
select license, psd, piece_count, amount_mills, epoch_ms(refunded_at_ms) as refunded_at from registry_refund;
create view rates as select * from registry_rate;
create view plants as select * from registry_plant;
create view withdrawals as
select license, psd, epoch, piece_count, ascending_mills, returned_mills, epoch_ms(withdrawn_at_ms) as withdrawn_at
from registry_withdrawal;
`;

describe('findings and registry of a store of version 3', () => {
  it('become those of version 4, with what the newest list said and findings made anew', async (test) => {
    const store = await Store.open(join(await temporaryFolder(test), 'store.duckdb'));
    const { connection } = store;
    const made = await connection.runAndReadAll(`
      select 'view', view_name from duckdb_views() where not internal and view_name not in ('scans', 'pieces', 'verdicts')
      union all select 'table', table_name from duckdb_tables()
        where table_name not in ('evidence', 'store_version', 'source_position')
      union all select 'macro', function_name from duckdb_functions() where not internal`);
    for (const [what, name] of made.getRows()) await connection.run(`drop ${what} ${name}`);
    await connection.run(VERSION_3_SQL);
    await connection.run(`
      insert into registry_version values (1, 'books', 0);
      insert into registry_license values (1000, 'Holder', 'Shelton', '06484', 3, 0, 8640000000000000, null);
      insert into registry_plant values ('P1', '06484');
      insert into finding values ('copy', 'high', 1000, '06-2S-0', ['x'], 'old')`);
    await store.record([seen(new Registers().print(0), {}, 'forged')], 'test', null);

    await connection.run(
      `begin; ${REGISTRY_FROM_3_SQL}${FINDING_FROM_3_SQL}${REGISTRY_VIEWS_SQL}${FINDING_VIEWS_SQL}${CASE_VIEWS_SQL} commit`,
    );

    const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
    assert.deepEqual(await rows('select license, since_version, until_version from licenses_history'), [
      ['1000', '1', null],
    ]);
    assert.deepEqual(await rows('select version from lists'), [['1']]);
    await detect(store);
    assert.deepEqual(await rows('select kind from findings'), [['forged']]);
    await store.setRegistry(
      booksOf({
        version: 2,
        digest: 'second',
        plants: [{ plant: 'P1', postcode: '06484', latitude: 41, longitude: -73 }],
      }),
    );
    assert.deepEqual(await rows('from plants'), [['P1', '06484', 41, -73]]);
    assert.deepEqual(await rows('select latitude, since_version, until_version from plants_history order by all'), [
      [41, '2', null],
      [null, '1', '2'],
    ]);
    await detect(store);
    assert.equal((await rows('from cases')).length, 1);
    store.close();
  });
});
