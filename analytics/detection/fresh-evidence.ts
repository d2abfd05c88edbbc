import { FRESH_ROWS_IN_MEMORY_MAX } from '../limits.ts';
import { asBigint, asInteger } from '../store/values.ts';
import { type Connection, scalar, tableOf } from './connection.ts';
import { FRESH_COLUMNS, NEAR_COLUMNS, REPEATED_COLUMNS, SEEN_COLUMNS } from './mark-columns.ts';
import { mergePairs } from './plant-pairs.ts';
import { PREPAID_SETS } from './prepaid-sets.ts';
import { MERGED_TABLES, mergeFresh, SCAN_DAY_SQL, type SumChange } from './state-tables.ts';

/** Rows of evidence not yet looked at: those after the first number, up to the second. */
export interface FreshRows {
  readonly afterRow: bigint;
  readonly lastRow: bigint;
}

/**
 * Prepares what detectors read: `fresh`, the marks not yet looked at; `touched_sets` and `touched_licenses`, whose they
 * are; `irregular_sets`, whose counters do not rise with everything else; `repeats`, all genuine marks of each piece
 * count that was seen more than once, where one of them is fresh; `seen`, these and all other genuine fresh marks;
 * `copied_scans`, the scans in `repeats` whose mark was copied, or may have been, as findings say; `placed_plants`, plants
 * with one place each; `fresh_scans`, whether new scans could be read and how late they came. Merges `fresh` into the state
 * tables.
 *
 * A first look at a large store reads the evidence where it is; otherwise only pages of counters with a fresh mark are
 * read again.
 *
 * Gives what came to the state tables and went from them.
 */
export async function prepareEvidence(
  connection: Connection,
  rows: FreshRows,
): Promise<ReadonlyMap<string, SumChange>> {
  const { afterRow, lastRow } = rows;
  const isLarge =
    lastRow - afterRow > FRESH_ROWS_IN_MEMORY_MAX &&
    asInteger(await scalar(connection, `select count(*) from ${between(rows)}`)) > FRESH_ROWS_IN_MEMORY_MAX;
  await connection.run(
    `create or replace temp ${isLarge ? 'view' : 'table'} fresh as select ${FRESH_COLUMNS} from ${between(rows)}`,
  );
  await connection.run(`create or replace temp ${isLarge ? 'view' : 'table'} fresh_scans as
    select plant, coalesce(machine, '') as machine, scanned_at_ms // 3600000 as hour, license is null as is_unread,
      (received_at_ms - scanned_at_ms) // 1000 as delay_seconds
    from ${rowsOf('evidence', rows)}`);
  const changes = await mergeFresh(connection);
  await connection.run(`create or replace temp table touched_sets as
    from register_set semi join (select distinct license, psd from fresh where genuine) using (license, psd)`);
  await connection.run('create or replace temp table touched_licenses as select distinct license from touched_sets');
  await connection.run(PREPAID_SETS);
  const repeats = await (isLarge && afterRow === 0n
    ? compareAll(connection, lastRow)
    : comparePages(connection, lastRow));
  await connection.run(COPIED_SCANS);
  await connection.run(PLACED_PLANTS);
  await connection.run(`create or replace temp view seen as ${afterRow === 0n ? ALL_SEEN : SEEN}`);
  await connection.run(`create or replace temp table irregular_sets as
    select license, psd from adjacent where is_irregular
    union
    select license, psd from (${IRREGULAR_PAGES}) where is_irregular`);
  const pairs = await mergePairs(connection, afterRow, repeats > 0n);
  await connection.run(`create or replace temp table new_days as
    select distinct ${SCAN_DAY_SQL} as day from fresh where genuine and scanned_at is not null
    union select day from changed_pairs`);
  await connection.run(`create or replace temp table touched_days as ${daysNear('new_days')}`);
  await connection.run(`create or replace temp table near_days as ${daysNear('touched_days')}`);
  await connection.run('create or replace temp table touched_plants as select distinct plant from fresh_scans');
  return new Map([...changes, ...pairs]);
}

/** A plant is compared with what others saw three days before and after: a clock that is 40 hours slow calls days otherwise. */
function daysNear(days: string): string {
  return `select distinct (day + away)::integer as day from ${days}, (select unnest(range(-3, 4)) as away)`;
}

function between(rows: FreshRows): string {
  return rowsOf('pieces', rows);
}

function rowsOf(view: string, { afterRow, lastRow }: FreshRows): string {
  return `${view} where row_id > ${afterRow} and row_id <= ${lastRow}`;
}

/** Scans of copied marks. The customer did not mail the copies, so what else they show is held against nobody. */
const COPIED_SCANS = `create or replace temp view copied_scans as
  select row_id from repeats semi join (
    select distinct license, psd, piece_count, content_digest
    from repeats semi join (from named_scan where kind in ('cloned-id', 'copy', 'doubtful-path')) using (row_id)
  ) as copied using (license, psd, piece_count, content_digest)`;

/** A plant that the registry has at two places is at none. */
const PLACED_PLANTS = `create or replace temp table placed_plants as
  select plant, min(latitude) as latitude, min(longitude) as longitude from plants
  where latitude is not null and longitude is not null
  group by plant having min(latitude) = max(latitude) and min(longitude) = max(longitude)`;

/** In a first look everything is fresh. */
const ALL_SEEN = `select ${SEEN_COLUMNS} from fresh where genuine`;
const SEEN = `select ${SEEN_COLUMNS} from repeats union all select ${SEEN_COLUMNS} from fresh anti join repeats using (row_id) where genuine`;

/**
 * Two neighbors by piece count: where each rises from the other, by its postage at least, so do any two of the set, by all
 * postage seen between them.
 */
const ADJACENT = `
select license, psd, piece_count, is_repeat, is_irregular
from (
  select license, psd, piece_count,
    coalesce(piece_count = lag(piece_count) over steps, false) as is_repeat,
    coalesce(
      (piece_count = lag(piece_count) over steps and content_digest <> lag(content_digest) over steps)
        or printed_at_ms < lag(printed_at_ms) over steps
        or epoch < lag(epoch) over steps
        or (piece_count > lag(piece_count) over steps
          and ascending_mills - lag(ascending_mills) over steps < postage_mills)
        or (piece_count - lag(piece_count) over steps = 1
          and ascending_mills - lag(ascending_mills) over steps <> postage_mills),
      false) as is_irregular
  from near
  window steps as (partition by license, psd order by piece_count, content_digest)
)
where is_repeat or is_irregular`;

/** The same between pages, whose insides have been compared mark by mark. */
const IRREGULAR_PAGES = `
select license, psd,
  coalesce(
    first_ms < max(last_ms) over before
      or first_epoch < max(last_epoch) over before
      or first_ascending_mills - max(last_ascending_mills) over before < first_postage_mills
      or (first_piece_count - max(last_piece_count) over before = 1
        and first_ascending_mills - max(last_ascending_mills) over before <> first_postage_mills),
    false) as is_irregular
from counter_page semi join touched_sets using (license, psd)
window before as (partition by license, psd order by page rows between unbounded preceding and 1 preceding)`;

/** How many `repeats` there are. */
async function compareAll(connection: Connection, lastRow: bigint): Promise<bigint> {
  await connection.run(
    `create or replace temp view near as select ${NEAR_COLUMNS} from pieces where genuine and row_id <= ${lastRow}`,
  );
  await connection.run(`create or replace temp table adjacent as ${ADJACENT}`);
  return tableOf(
    connection,
    'repeats',
    `select ${REPEATED_COLUMNS}
    from pieces semi join (select license, psd, piece_count from adjacent where is_repeat) using (license, psd, piece_count)
    where genuine and row_id <= ${lastRow}`,
  );
}

/** The same. */
async function comparePages(connection: Connection, lastRow: bigint): Promise<bigint> {
  await connection.run(`create or replace temp table touched_pages as
    select distinct license, psd, piece_count >> 6 as page from fresh where genuine`);
  const firstRow = await scalar(
    connection,
    'select coalesce(min(first_row), 0) from counter_page semi join touched_pages using (license, psd, page)',
  );
  const range = `row_id >= ${asBigint(firstRow)} and row_id <= ${lastRow}`;
  await connection.run(`create or replace temp table near as
    select ${NEAR_COLUMNS} from (select *, piece_count >> 6 as page from pieces where genuine and ${range})
    semi join touched_pages using (license, psd, page)`);
  await connection.run(`create or replace temp table adjacent as ${ADJACENT}`);
  await connection.run(`create or replace temp table repeated_rows as
    select row_id from near
    semi join (
      select license, psd, piece_count from adjacent
      semi join (from fresh where genuine) as fresh using (license, psd, piece_count) where is_repeat
    ) using (license, psd, piece_count)`);
  return tableOf(
    connection,
    'repeats',
    `select ${REPEATED_COLUMNS} from pieces semi join repeated_rows using (row_id) where ${range}`,
  );
}

/**
 * Gives the memory back; what was prepared for a large store is millions of rows. `fresh`, `fresh_scans` and `near` are views of it
 * at one time, and tables at another.
 */
export async function forgetEvidence(connection: Connection): Promise<void> {
  const found = await connection.runAndReadAll(`
    select 'view', view_name from duckdb_views() where temporary and view_name in ('fresh', 'fresh_scans', 'near', 'seen', 'copied_scans', 'trusted_repeats')
    union all select 'table', table_name from duckdb_tables() where temporary and table_name in (${PREPARED})`);
  const drops = found.getRows().map(([what, name]) => `drop ${what} temp.${name}`);
  if (drops.length > 0) await connection.run(drops.join('; '));
}

const PREPARED = [
  'fresh',
  'fresh_scans',
  'changed_pairs',
  'pair_rows',
  'near',
  'adjacent',
  'repeats',
  'repeated_rows',
  'suspects',
  'added_suspects',
  ...MERGED_TABLES,
  'picked',
  'found',
  'members_of_all',
  'cleared_rows',
  'prepaid_sets',
  'placed_plants',
  'dated_marks',
]
  .map((name) => `'${name}'`)
  .join(', ');
