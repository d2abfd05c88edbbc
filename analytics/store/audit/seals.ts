import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { type DuckDBConnection, type DuckDBValue, listValue } from '@duckdb/node-api';
import { REGISTRY_TABLES } from '../schema/registry-tables.ts';
import { asBigint, asInteger, asText } from '../values.ts';

/**
 * Tables that are not evidence are sealed: the digest of each stands in the table `sealed` as it was after the last commit
 * that was meant to change it, and the digest of all these digests in the last entry of the ledger.
 *
 * `exact`: SHA-256 over the sorted SHA-256 of the rows, 2.5 µs each. `sum`: the MD5 of the rows, added up in two lanes of 64
 * bits, 0.8 µs each, which can be brought up to date by the rows that come and go; for tables of a row for each customer,
 * or for each few dozen pieces. It finds what was changed with SQL, and does not find rows that were computed to fit (2^43
 * steps for four of them): what the registry says is also compared with the list itself, which is signed.
 */
interface SealedRelation {
  readonly name: string;
  readonly kind: 'exact' | 'sum';
  /** What is sealed, where it is not the whole table of this name. */
  readonly sql?: string;
  /** Only detectors and the start of a recorder read it: checked when the store is opened for writing, not for reading. */
  readonly isInternal?: true;
}

const REGISTRY_SUMS = REGISTRY_TABLES.map(({ table }) => table);

export const REGISTRY_SEALS: readonly string[] = ['registry_version', 'registry_list', ...REGISTRY_SUMS];

/** What a look of the detectors may change; the sums follow from what it added and took away. */
export const DETECTION_SEALS: readonly string[] = [
  ...['detector_state', 'used_policy', 'suspect_set', 'named_scan', 'held_scan', 'finding', 'revision'],
  ...['severity_score', 'plant_doubt'],
];

export const CLOSING_SEALS: readonly string[] = ['case_closing', 'case_closed_scan'];
export const ARCHIVE_SEALS: readonly string[] = ['seen_page', 'archived_link'];

const SUMS = [
  ...['counter_page', 'register_set', 'entry_plant', 'printing_day', 'suspect_scan'],
  ...['plant_delay', 'plant_load', 'plant_pair', 'scan_hour'],
];

export const SEALED: readonly SealedRelation[] = [
  ...['registry_version', 'registry_list', ...DETECTION_SEALS, 'told_finding', ...CLOSING_SEALS].map(
    (name) => ({ name, kind: 'exact' }) as const,
  ),
  ...REGISTRY_SUMS.map((name) => ({ name, kind: 'sum' }) as const),
  ...SUMS.map((name) => ({ name, kind: 'sum', isInternal: true }) as const),
  { name: 'seen_page', kind: 'sum', isInternal: true },
  // Whether the rows of a link have left the file is not part of its head, since it changes.
  { name: 'archived_link', kind: 'sum', isInternal: true, sql: 'select first_row from chain where is_archived' },
];

/** Digests by the names of what they seal. */
export type Seals = ReadonlyMap<string, string>;

/** A sum over rows: how many, and the two lanes, modulo 2^64. */
export interface RowSum {
  readonly rows: bigint;
  readonly low: bigint;
  readonly high: bigint;
}

export const NO_ROWS: RowSum = { rows: 0n, low: 0n, high: 0n };

const LANE = 2n ** 64n;
const ROW_JSON = 'to_json(sealed_row)::varchar';

/** Three columns of one row: how many rows, and the lanes. */
function sumSql(rowsSql: string): string {
  return `select count(*) as rows, coalesce(sum((digest & 18446744073709551615)::ubigint), 0)::varchar as one,
      coalesce(sum((digest >> 64)::ubigint), 0)::varchar as other
    from (select md5_number(${ROW_JSON}) as digest from (${rowsSql}) as sealed_row)`;
}

function exactSql(rowsSql: string): string {
  return `select count(*) as rows, sha256(coalesce(string_agg(digest, '' order by digest), '')) as one, '' as other
    from (select sha256(${ROW_JSON}) as digest from (${rowsSql}) as sealed_row)`;
}

function sumFromRow([rows, low, high]: readonly DuckDBValue[]): RowSum {
  return { rows: asBigint(rows), low: BigInt(asText(low)) % LANE, high: BigInt(asText(high)) % LANE };
}

/** Of some relations, each with the columns of its table, in its order: in one statement, as in `sealsOf`. */
export async function sumsOf(connection: DuckDBConnection, relations: readonly string[]): Promise<RowSum[]> {
  if (relations.length === 0) return [];
  const selects = relations.map((rowsSql, place) => `select ${place} as place, * from (${sumSql(rowsSql)})`);
  const result = await connection.runAndReadAll(`from (${selects.join(' union all ')}) order by place`);
  return result.getRows().map(([_, ...row]) => sumFromRow(row));
}

/** Of one. */
export async function sumOf(connection: DuckDBConnection, rowsSql: string): Promise<RowSum> {
  const [sum] = await sumsOf(connection, [rowsSql]);
  return sum ?? NO_ROWS;
}

/** A sum after some rows came and others went. */
export function sumAfter(before: RowSum, added: RowSum, removed: RowSum): RowSum {
  const lane = (name: 'low' | 'high') => (before[name] + added[name] - removed[name] + LANE) % LANE;
  return { rows: before.rows + added.rows - removed.rows, low: lane('low'), high: lane('high') };
}

export function sumText({ rows, low, high }: RowSum): string {
  const hex = (lane: bigint) => lane.toString(16).padStart(16, '0');
  return `${rows}:${hex(high)}${hex(low)}`;
}

/** @throws TypeError for text that is not a sum */
export function sumFrom(text: string): RowSum {
  const [, rows, high, low] = /^(\d+):([0-9a-f]{16})([0-9a-f]{16})$/.exec(text) ?? [];
  if (rows === undefined) throw new TypeError(`no sum over rows: ${text}`);
  return { rows: BigInt(rows), high: BigInt(`0x${high}`), low: BigInt(`0x${low}`) };
}

/** As they are now, of some relations or of all: in one statement, since to plan one for each takes twice as long. */
export async function sealsOf(connection: DuckDBConnection, names?: readonly string[]): Promise<Seals> {
  const relations = SEALED.filter(({ name }) => names?.includes(name) ?? true);
  if (relations.length === 0) return new Map();
  const selects = relations.map(({ name, kind, sql = `from ${name}` }, place) => {
    return `select ${place}, * from (${kind === 'sum' ? sumSql(sql) : exactSql(sql)})`;
  });
  const result = await connection.runAndReadAll(selects.join(' union all '));
  return new Map(
    result.getRows().map(([place, ...row]) => {
      const relation = relations[asInteger(place)];
      assert(relation !== undefined, 'a statement gave a row that was not asked for');
      const [rows, digest] = row;
      const seal = relation.kind === 'sum' ? sumText(sumFromRow(row)) : `${asBigint(rows)}:${asText(digest)}`;
      return [relation.name, seal];
    }),
  );
}

/** Of a store without rows. */
export const EMPTY_SEALS: Seals = new Map(
  SEALED.map(({ name, kind }) => [name, kind === 'sum' ? sumText(NO_ROWS) : `0:${hash('sha256', '')}`]),
);

/** SHA-256 over names and digests, in the order of the names. */
export function digestOfSeals(seals: Seals): string {
  const lines = [...seals].map(([name, digest]) => `${name}=${digest}\n`).toSorted();
  return hash('sha256', lines.join(''));
}

/** As they stand in the table; null where it says two things of one name. */
export async function storedSeals(connection: DuckDBConnection): Promise<Seals | null> {
  const result = await connection.runAndReadAll('select name, digest from sealed');
  const seals = new Map(result.getRows().map(([name, digest]) => [asText(name), asText(digest)]));
  return seals.size === result.currentRowCount ? seals : null;
}

/** Joins an open transaction. Names that are there already get their new digest. */
export async function storeSeals(connection: DuckDBConnection, seals: Seals): Promise<void> {
  if (seals.size === 0) return;
  const values = [listValue([...seals.keys()]), listValue([...seals.values()])];
  const given = '(select unnest($1::varchar[]) as name, unnest($2::varchar[]) as digest)';
  const changed = await connection.run(
    `update sealed set digest = given.digest from ${given} as given where sealed.name = given.name`,
    values,
  );
  if (changed.rowsChanged === seals.size) return;
  await connection.run(`insert into sealed by name from ${given} as given anti join sealed using (name)`, values);
}
