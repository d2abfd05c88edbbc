import { type RowSum, sumOf } from '../store/seals.ts';
import type { Connection } from './connection.ts';

/** A sum over all genuine marks so far, held by key; new marks are added up and merged into it. */
interface StateTable {
  readonly table: string;
  readonly keys: readonly { readonly name: string; readonly of: string }[];
  /** How a column is made of marks, and of two sums. */
  readonly columns: readonly { readonly name: string; readonly of: string; readonly merged: string }[];
  readonly where: string;
}

const LICENSE = { name: 'license', of: 'license' };
const PSD = { name: 'psd', of: 'psd' };
const least = (name: string, of: string) => ({ name, of: `min(${of})`, merged: `min(${name})` });
const greatest = (name: string, of: string) => ({ name, of: `max(${of})`, merged: `max(${name})` });

const DAY_MS = 86_400_000;

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
    where: 'true',
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
    where: 'true',
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
    where: 'true',
  },
];

export async function clearState(connection: Connection): Promise<void> {
  for (const { table } of STATE_TABLES) await connection.run(`delete from ${table}`);
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
export async function mergeFresh(connection: Connection): Promise<ReadonlyMap<string, SumChange>> {
  const changes = new Map<string, SumChange>();
  for (const { table, keys, columns, where } of STATE_TABLES) {
    const names = keys.map(({ name }) => name).join(', ');
    const fresh = [...keys, ...columns].map(({ name, of }) => `${of} as ${name}`).join(', ');
    const merged = [names, ...columns.map(({ name, merged }) => `${merged} as ${name}`)].join(', ');
    await connection.run(
      `create or replace temp table merging as select ${fresh} from fresh where genuine and ${where} group by ${names}`,
    );
    await connection.run(
      `create or replace temp table merged as select ${merged}
       from (from merging union all by name from ${table} semi join merging using (${names})) group by ${names}`,
    );
    changes.set(table, {
      added: await sumOf(connection, rowsLike(table, 'from merged')),
      removed: await sumOf(connection, `from ${table} semi join merging using (${names})`),
    });
    const isSame = keys.map(({ name }) => `${table}.${name} = merging.${name}`).join(' and ');
    await connection.run(`delete from ${table} using merging where ${isSame}`);
    await connection.run(`insert into ${table} by name from merged`);
  }
  return changes;
}
