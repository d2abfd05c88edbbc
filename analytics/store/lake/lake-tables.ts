import { CLOSING_SEALS, DETECTION_SEALS, REGISTRY_SEALS, type Seals } from '../audit/seals.ts';
import { BASE_TABLES } from '../queries/export.ts';
import { EVIDENCE_COLUMNS } from '../schema/columns.ts';
import { PUBLIC_VIEW_NAMES, publicViewSql } from '../schema/public-views.ts';
import { REGISTRY_VIEWS } from '../schema/registry-schema.ts';
import { digestOfText } from './manifest.ts';

/** Rows that were recorded, and never change: each file holds some of them. */
export const EVIDENCE = 'evidence';
/** Links of the chain, by which rows are compared with what was recorded. */
export const LINKS = 'links';
/** Without whether rows have left the store for an archive, which changes. */
export const LINK_COLUMNS = 'first_row, row_count, row_checks, digest, head, version, commit_number, positions';

const DAY_MS = 86_400_000;
/** A plant that says other days than these of a scan has a clock that no day can be told by. */
const DAYS_BEFORE_MAX = 400;
const DAYS_AFTER_MAX = 2;

/**
 * The day of a scan as its plant said, in days since 1970, UTC: the `day=` of its folder. Null where nobody said, and where it cannot be: more than
 * 400 days before the scan was received or two after, or outside of this century. So the days of a lake, each a folder, are few,
 * whatever plants say.
 */
export const DAY_NUMBER_SQL = `case when scanned_at_ms between ${Date.UTC(2000, 0)} and ${Date.UTC(2100, 0) - 1}
  and (received_at_ms is null or scanned_at_ms
    between received_at_ms - ${DAYS_BEFORE_MAX * DAY_MS} and received_at_ms + ${DAYS_AFTER_MAX * DAY_MS})
  then scanned_at_ms // ${DAY_MS} end`;

/** `YYYY-MM-DD` */
export function dayText(day: bigint): string {
  return new Date(Number(day) * DAY_MS).toISOString().slice(0, 10);
}

/** The rows of a day. Where all rows have one, a comparison with its ends tells them in half the time. */
export function ofDay(day: bigint | null, hasNoDay: boolean): string {
  if (day === null) return `${DAY_NUMBER_SQL} is null`;
  if (hasNoDay) return `${DAY_NUMBER_SQL} = ${day}`;
  return `scanned_at_ms between ${day * BigInt(DAY_MS)} and ${(day + 1n) * BigInt(DAY_MS) - 1n}`;
}

const TIMES = ['scanned_at', 'received_at', 'printed_at'];

/** Beyond it a timestamp of microseconds has no room: the range of ECMAScript's dates. */
const TIME_MS_MAX = 8_640_000_000_000_000;

const NAMES = EVIDENCE_COLUMNS.map(({ name }) => name);

/** A row of the store, and its times as timestamps, by which engines tell which files need not be read. */
export const EVIDENCE_SQL = [
  ...NAMES,
  ...TIMES.map((name) => {
    return `(case when abs(${name}_ms) <= ${TIME_MS_MAX} then epoch_ms(${name}_ms) end) at time zone 'UTC' as ${name}`;
  }),
].join(', ');

/** A table that is written whole, whenever what it says has changed. */
interface WholeTable {
  /** Its folder in the lake. */
  readonly name: string;
  /** What it holds, in the store; for others to read where it is a public view. */
  readonly view: string | null;
  readonly table: string;
  /** Sealed tables that it is made of. */
  readonly of: readonly string[];
}

/** Tables that a store is made of, as they are. */
const STORED: readonly WholeTable[] = BASE_TABLES.filter((table) => table !== EVIDENCE).map((table) => {
  return { name: `store/${table}`, view: null, table, of: [table] };
});

const OF_EVIDENCE = ['scans', 'pieces', 'verdicts'];
const OF_REGISTRY = ['lists', ...REGISTRY_VIEWS, ...REGISTRY_VIEWS.map((name) => `${name}_history`)];

/** The same as people know it: findings, cases, revisions, and what the registry said. */
const PUBLIC: readonly WholeTable[] = PUBLIC_VIEW_NAMES.filter((name) => !OF_EVIDENCE.includes(name)).map((view) => {
  const told = OF_REGISTRY.includes(view) ? [] : [...DETECTION_SEALS, ...CLOSING_SEALS];
  return { name: view, view: publicViewSql(view), table: view, of: [...REGISTRY_SEALS, ...told] };
});

export const WHOLE_TABLES: readonly WholeTable[] = [...STORED, ...PUBLIC];

/** Changes whenever one of the tables does that this one is made of. */
export function sealOfTable({ of }: WholeTable, seals: Seals): string {
  return digestOfText(of.map((name) => `${name}=${seals.get(name) ?? ''}\n`).join(''));
}
