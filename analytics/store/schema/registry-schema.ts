import { REGISTRY_TABLES } from './registry-tables.ts';

/** What each trust list said: `since_version` is the first list with a row, `until_version` the first without it again. */
export const REGISTRY_TABLES_SQL = `
create table registry_version (version bigint not null, digest varchar not null, issued_at_ms bigint not null);
create table registry_list (version bigint not null, digest varchar not null, issued_at_ms bigint not null);
${REGISTRY_TABLES.map(({ table, columns }) => {
  const typed = columns.map(([name, type]) => `${name} ${type.toString()}`).join(', ');
  return `create table ${table} (${typed}, since_version bigint not null, until_version bigint);`;
}).join('\n')}
`;

const VIEWS: readonly (readonly [view: string, table: string, columns: string])[] = [
  [
    'licenses',
    'registry_license',
    'license, holder, town, deposit_postcode, psd_limit, valid_from_ms, valid_to_ms, revoked_at_ms',
  ],
  ['grants', 'registry_grant', 'license, psd, granted_at_ms, ended_at_ms'],
  ['psds', 'registry_psd', 'psd, user_name as "user"'],
  ['funds', 'registry_funds', 'license, psd, refill, amount_mills, epoch_ms(paid_at_ms) as paid_at'],
  ['refunds', 'registry_refund', 'license, psd, piece_count, amount_mills, epoch_ms(refunded_at_ms) as refunded_at'],
  ['rates', 'registry_rate', 'rate_category, weight_grams_max, postage_mills, valid_from_ms, valid_to_ms'],
  ['plants', 'registry_plant', 'plant, postcode, latitude, longitude'],
  [
    'withdrawals',
    'registry_withdrawal',
    'license, psd, epoch, piece_count, ascending_mills, returned_mills, epoch_ms(withdrawn_at_ms) as withdrawn_at',
  ],
];

/** The registry as the newest list has it; each also as `NAME_history`. */
export const REGISTRY_VIEWS: readonly string[] = VIEWS.map(([view]) => view);

/** Each view as the newest list has it, and as `NAME_history` with the versions of the lists that said so. */
export const REGISTRY_VIEWS_SQL = `
create view lists as select version, digest, epoch_ms(issued_at_ms) as issued_at from registry_list;
${VIEWS.map(
  ([view, table, columns]) => `
create view ${view} as select ${columns} from ${table} where until_version is null;
create view ${view}_history as select ${columns}, since_version, until_version from ${table};`,
).join('')}
`;
