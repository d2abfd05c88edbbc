import { CASE_VIEWS_SQL } from './case-views.ts';
import { EVIDENCE_COLUMNS, IS_GENUINE_SQL } from './columns.ts';
import { BROUGHT_BY_SQL, FINDING_MACROS_SQL, FINDING_TABLES_SQL, FINDING_VIEWS_SQL } from './finding-schema.ts';
import { REGISTRY_TABLES_SQL, REGISTRY_VIEWS_SQL } from './registry-schema.ts';

/**
 * See chain.ts. Of rows that have left the file their links stay, so that the heads can be followed from the first, and one
 * bit for each genuine piece by 64 piece counts, so that it is known to have been seen. A link without rows says that
 * sources were read on to scans that had all been recorded before.
 */
const CHAIN_SQL = `
create table chain (
  first_row bigint not null, row_count bigint not null, row_checks blob not null, digest blob not null,
  head blob not null, is_archived boolean not null, version integer not null, commit_number bigint not null,
  positions blob
);
create table seen_page (license bigint not null, psd varchar not null, page ubigint not null, seen_counts ubigint not null);`;

/** See ledger.ts and seals.ts. */
const LEDGER_SQL = `
create table ledger (
  sequence bigint not null, commit_number bigint not null, at_ms bigint, actor varchar, event varchar not null,
  detail varchar not null, seals varchar not null, head blob not null
);
create table sealed (name varchar not null, digest varchar not null);`;

/** Raised whenever a stored file of an earlier version could not be read as it is; MIGRATIONS bring it up. */
export const SCHEMA_VERSION = 6;

/** What an upgrade makes anew and fills from the tables of the older version (migrations.ts). */
export const RENEWED_TABLES_SQL = `
${CHAIN_SQL}
${LEDGER_SQL}
create table source_position (source varchar not null, position varchar not null);
${REGISTRY_TABLES_SQL}
${FINDING_TABLES_SQL}
`;

/** Tables hold what was recorded. No keys or indexes: on the evidence they made loading 15 times slower. */
export const TABLES_SQL = `
create table store_version (version integer not null);
insert into store_version values (${SCHEMA_VERSION});

create table evidence (
  ${EVIDENCE_COLUMNS.map(({ name, type }) => `${name} ${type.toString()}`).join(',\n  ')}
);
${RENEWED_TABLES_SQL}
`;

/** Whose key signed a mark in another's name: the verifier wrote it beside the evidence (`signerNote`, indicium/reading.ts). */
function signer(pattern: string): string {
  return `nullif(if(outcome = 'borrowed-name', regexp_extract(note, '${pattern}', 1), null), '')`;
}

/** What detectors, queries and other programs read; they keep their names and columns when the tables change. */
export const VIEWS_SQL = `
${FINDING_MACROS_SQL}
create view scans as
select scan_id, plant, machine, epoch_ms(scanned_at_ms) as scanned_at, mailpiece_id, pass,
  sorter_destination as destination, weight_grams, image, symbology, outcome, note, extra, source, sender,
  epoch_ms(received_at_ms) as received_at, row_id
from evidence;

create view pieces as
select scan_id, license, psd, key_id, epoch, piece_count, ascending_mills, descending_mills, postage_mills,
  rate_category, printed_at_ms, epoch_ms(printed_at_ms) as printed_at, deposit_postcode, destination_postcode,
  content_digest, outcome, ${IS_GENUINE_SQL} as genuine,
  trust_version,
  mailpiece_id, pass, plant, machine, epoch_ms(scanned_at_ms) as scanned_at, sorter_destination, weight_grams,
  payload, scan_digest, ${BROUGHT_BY_SQL} as brought_by, try_cast(${signer('license (\\d+) on PSD')} as bigint) as signer_license,
  ${signer(' on PSD (.+)$')} as signer_psd, row_id
from evidence where license is not null;

create view verdicts as
select scan_id, disposition,
  case when reasons = '' then []::varchar[] else string_split(reasons, ',') end as reasons, trust_version,
  policy_version, plant, row_id
from evidence;

${REGISTRY_VIEWS_SQL}
${FINDING_VIEWS_SQL}
${CASE_VIEWS_SQL}
`;
