import { GENUINE_OUTCOMES } from '../../indicium/index.ts';
import { EVIDENCE_COLUMNS } from './columns.ts';

/** See chain.ts. Links of rows that have left the file stay, so that the heads can be followed from the first. */
const CHAIN_SQL = `
create table chain (
  first_row bigint not null, row_count bigint not null, row_checks blob not null, digest blob not null,
  head blob not null, is_archived boolean not null
);`;

/** Raised whenever a stored file of an earlier version could not be read as it is; MIGRATIONS bring it up. */
export const SCHEMA_VERSION = 4;

/** Tables hold what was recorded. No keys or indexes: on the evidence they made loading 15 times slower. */
export const TABLES_SQL = `
create table store_version (version integer not null);
insert into store_version values (${SCHEMA_VERSION});

create table evidence (
  ${EVIDENCE_COLUMNS.map(({ name, type }) => `${name} ${type.toString()}`).join(',\n  ')}
);
${CHAIN_SQL}
create table source_position (source varchar not null, position varchar not null);
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

`;

/** What detectors, queries and other programs read; they keep their names and columns when the tables change. */
export const VIEWS_SQL = `
create or replace view scans as
select scan_id, plant, machine, epoch_ms(scanned_at_ms) as scanned_at, mailpiece_id, pass,
  sorter_destination as destination, weight_grams, image, symbology, outcome, note, extra, source, row_id
from evidence;

create or replace view pieces as
select scan_id, license, psd, key_id, epoch, piece_count, ascending_mills, descending_mills, postage_mills,
  rate_category, printed_at_ms, epoch_ms(printed_at_ms) as printed_at, deposit_postcode, destination_postcode,
  content_digest, outcome, outcome in ('${GENUINE_OUTCOMES.join("', '")}') as genuine,
  trust_version,
  mailpiece_id, pass, plant, machine, epoch_ms(scanned_at_ms) as scanned_at, sorter_destination, weight_grams,
  payload, row_id
from evidence where license is not null;

create or replace view verdicts as
select scan_id, disposition,
  case when reasons = '' then []::varchar[] else string_split(reasons, ',') end as reasons, trust_version,
  policy_version, row_id
from evidence;

create or replace view findings as select * from finding;
create or replace view licenses as select * from registry_license;
create or replace view grants as select * from registry_grant;
create or replace view psds as select psd, user_name as "user" from registry_psd;
create or replace view funds as select license, psd, refill, amount_mills, epoch_ms(paid_at_ms) as paid_at from registry_funds;
create or replace view refunds as
select license, psd, piece_count, amount_mills, epoch_ms(refunded_at_ms) as refunded_at from registry_refund;
create or replace view rates as select * from registry_rate;
create or replace view plants as select * from registry_plant;
create or replace view withdrawals as
select license, psd, epoch, piece_count, ascending_mills, returned_mills, epoch_ms(withdrawn_at_ms) as withdrawn_at
from registry_withdrawal;
`;

/** What brings a store of an earlier version to the next one; its evidence is linked to the chain after that. */
export const MIGRATIONS: ReadonlyMap<number, string> = new Map([
  [
    3,
    `${CHAIN_SQL}
alter table evidence add column policy_version bigint;`,
  ],
]);
