import { NO_ROWS, type RowSum, sumsOf } from '../store/audit/seals.ts';
import { type Connection, tableOf } from './connection.ts';

/** A sum over all genuine marks so far, held by key; new marks are added up and merged into it. */
export interface StateTable {
  readonly table: string;
  /** What is added up, where it is not the genuine marks of `fresh`. */
  readonly from?: string;
  readonly keys: readonly { readonly name: string; readonly of: string }[];
  /** How a column is made of marks, and of two sums. */
  readonly columns: readonly { readonly name: string; readonly of: string; readonly merged: string }[];
  /** Which of them; all where it is not given. */
  readonly where?: string;
}

const LICENSE = { name: 'license', of: 'license' };
const PSD = { name: 'psd', of: 'psd' };
const least = (name: string, of: string) => ({ name, of: `min(${of})`, merged: `min(${name})` });
const greatest = (name: string, of: string) => ({ name, of: `max(${of})`, merged: `max(${name})` });

/** Sums of bigint are hugeint in DuckDB; those of seconds and thousandths of octaves stay far below 2^63. */
export const total = (name: string, of: string) => ({
  name,
  of: `sum(${of})::bigint`,
  merged: `sum(${name})::bigint`,
});
export const PLANT_DAY = [
  { name: 'plant', of: 'plant' },
  { name: 'day', of: 'day' },
];

const DAY_MS = 86_400_000;

/** A scan that claims to be made later than it was received: clocks that are set by the network differ by seconds. */
const AHEAD_SECONDS_MAX = 600;
/** Beyond, a scan comes late: plants without a line send a day's scans at night, and a weekend's on Monday. */
const LATE_SECONDS_MAX = 3 * 86_400;

/** The day of a scan by the clock of its plant. */
export const SCAN_DAY_SQL = `(epoch_ms(scanned_at) // ${DAY_MS})::integer`;

/** Genuine marks that a plant says when it saw. */
const TIMED_SQL = `(
  select plant, ${SCAN_DAY_SQL} as day, coalesce(pass, '') as pass, license,
    (epoch_ms(scanned_at) - printed_at_ms) // 1000 as delay_seconds
  from fresh where genuine and plant is not null and scanned_at is not null
)`;

/**
 * Genuine marks that a plant weighed, against the most that their postage covers in their rate category: in thousandths
 * of an octave, so that the mean of a license is that of ratios. Rates of all times count, since what a scale counts in does
 * not change with them.
 */
const WEIGHED_SQL = `(
  select plant, ${SCAN_DAY_SQL} as day, license,
    round(1000 * log2(greatest(weight_grams, 0.5) / weight_grams_max))::bigint as octave_thousandths
  from fresh join (
    select paid.rate_category, paid.postage_mills, max(rates.weight_grams_max) as weight_grams_max
    from (select distinct rate_category, postage_mills from fresh where genuine and weight_grams is not null) as paid
    join rates on rates.rate_category = paid.rate_category and rates.postage_mills <= paid.postage_mills
    where rates.weight_grams_max > 0 group by paid.rate_category, paid.postage_mills
  ) as allowed using (rate_category, postage_mills)
  where genuine and plant is not null and scanned_at is not null and weight_grams is not null
)`;

const STATE_TABLES: readonly StateTable[] = [
  {
    // 64 neighboring piece counts of a register set: its bounds tell whether it can lie between its neighbors.
    table: 'counter_page',
    keys: [LICENSE, PSD, { name: 'page', of: 'piece_count >> 6' }],
    columns: [
      least('first_piece_count', 'piece_count'),
      greatest('last_piece_count', 'piece_count'),
      least('first_ms', 'printed_at_ms'),
      greatest('last_ms', 'printed_at_ms'),
      least('first_epoch', 'epoch'),
      greatest('last_epoch', 'epoch'),
      least('first_ascending_mills', 'ascending_mills'),
      greatest('last_ascending_mills', 'ascending_mills'),
      {
        name: 'first_postage_mills',
        of: 'arg_min(postage_mills, piece_count)',
        merged: 'arg_min(first_postage_mills, first_piece_count)',
      },
      {
        name: 'seen_counts',
        of: 'bit_or(1::ubigint << (piece_count & 63))',
        merged: 'bit_or(seen_counts)',
      },
      least('first_row', 'row_id'),
    ],
  },
  {
    table: 'register_set',
    keys: [LICENSE, PSD],
    columns: [
      greatest('last_piece_count', 'piece_count'),
      greatest('last_ms', 'printed_at_ms'),
      greatest('control_mills', 'ascending_mills + descending_mills'),
      {
        // Of marks that leave their descending register out: null where none does.
        name: 'spent_mills',
        of: 'max(ascending_mills) filter (where descending_mills is null)',
        merged: 'max(spent_mills)',
      },
    ],
  },
  {
    table: 'entry_plant',
    keys: [LICENSE, PSD, { name: 'plant', of: 'plant' }],
    columns: [],
    where: "pass = 'origin' and plant is not null",
  },
  {
    table: 'printing_day',
    keys: [LICENSE, PSD, { name: 'day', of: `(printed_at_ms // ${DAY_MS})::integer` }],
    columns: [least('first_piece_count', 'piece_count'), greatest('last_piece_count', 'piece_count')],
  },
  {
    table: 'plant_delay',
    from: TIMED_SQL,
    keys: [...PLANT_DAY, { name: 'pass', of: 'pass' }, LICENSE],
    columns: [total('scans', '1'), total('delay_seconds', 'delay_seconds')],
  },
  {
    table: 'plant_load',
    from: WEIGHED_SQL,
    keys: [...PLANT_DAY, LICENSE],
    columns: [total('scans', '1'), total('octave_thousandths', 'octave_thousandths')],
  },
  {
    // Every scan counts, read or not.
    table: 'scan_hour',
    from: '(from fresh_scans where plant is not null and hour is not null)',
    keys: [
      { name: 'plant', of: 'plant' },
      { name: 'machine', of: 'machine' },
      { name: 'hour', of: 'hour' },
    ],
    columns: [
      total('scans', '1'),
      total('unread', 'is_unread::bigint'),
      total('ahead', `(coalesce(delay_seconds, 0) < -${AHEAD_SECONDS_MAX})::bigint`),
      greatest('ahead_seconds', 'greatest(-coalesce(delay_seconds, 0), 0)'),
      total('late', `(coalesce(delay_seconds, 0) > ${LATE_SECONDS_MAX})::bigint`),
      greatest('late_seconds', 'greatest(coalesce(delay_seconds, 0), 0)'),
    ],
  },
];

const TABLES: readonly string[] = [...STATE_TABLES.map(({ table }) => table), 'plant_pair'];

/** Temporary tables that stay when all are merged. */
export const MERGED_TABLES: readonly string[] = TABLES.flatMap((table) => [`merging_${table}`, `merged_${table}`]);

export async function clearState(connection: Connection): Promise<void> {
  for (const table of TABLES) await connection.run(`delete from ${table}`);
}

/** Rows that came to a table and went from it. */
export interface SumChange {
  readonly added: RowSum;
  readonly removed: RowSum;
}

/** Rows of another relation, with the columns of a table in its order: as they are sealed. */
export function rowsLike(table: string, relation: string): string {
  return `from (from ${table} where false) union all by name from (${relation})`;
}

/**
 * Merges the genuine marks of `fresh` into each state table. Keys without new marks are not touched. Gives what came and
 * went, by table.
 */
export function mergeFresh(connection: Connection): Promise<ReadonlyMap<string, SumChange>> {
  return mergeStates(connection, STATE_TABLES);
}

/** Some of them; `merged_TABLE` then holds the rows of each that changed. */
export async function mergeStates(
  connection: Connection,
  states: readonly StateTable[],
): Promise<ReadonlyMap<string, SumChange>> {
  const touched: StateTable[] = [];
  for (const state of states) if (await mergeKeys(connection, state)) touched.push(state);
  const sums = await sumsOf(
    connection,
    touched.flatMap(({ table, keys }) => [
      rowsLike(table, `from merged_${table}`),
      `from ${table} semi join merging_${table} using (${namesOf(keys)})`,
    ]),
  );
  for (const { table, keys } of touched) {
    const isSame = keys.map(({ name }) => `${table}.${name} = merging.${name}`).join(' and ');
    await connection.run(`delete from ${table} using merging_${table} as merging where ${isSame}`);
    await connection.run(`insert into ${table} by name from merged_${table}`);
  }
  return new Map(
    states.map((state) => {
      const place = touched.indexOf(state);
      const [added = NO_ROWS, removed = NO_ROWS] = place < 0 ? [] : sums.slice(2 * place);
      return [state.table, { added, removed }];
    }),
  );
}

/** Makes the merged rows of one; false where no new mark is of it. */
async function mergeKeys(
  connection: Connection,
  { table, from = '(from fresh where genuine)', keys, columns, where = 'true' }: StateTable,
): Promise<boolean> {
  const fresh = [...keys, ...columns].map(({ name, of }) => `${of} as ${name}`).join(', ');
  const merged = [namesOf(keys), ...columns.map(({ name, merged }) => `${merged} as ${name}`)].join(', ');
  const groups = keys.map(({ of }) => of).join(', ');
  const newRows = `select ${fresh} from ${from} as new_rows where ${where} group by ${groups}`;
  if ((await tableOf(connection, `merging_${table}`, newRows)) === 0n) {
    await connection.run(`create or replace temp table merged_${table} as from ${table} limit 0`);
    return false;
  }
  await connection.run(
    `create or replace temp table merged_${table} as select ${merged}
     from (from merging_${table} union all by name from ${table} semi join merging_${table} using (${namesOf(keys)}))
     group by ${namesOf(keys)}`,
  );
  return true;
}

function namesOf(keys: StateTable['keys']): string {
  return keys.map(({ name }) => name).join(', ');
}
