import { BIGINT, BLOB, type DuckDBType, INTEGER, UBIGINT, UINTEGER, VARCHAR } from '@duckdb/node-api';
import {
  type Column,
  columnOf,
  GENUINE_OUTCOMES,
  Int64Builder,
  READING_FIELD_SPECS,
  type ReadingColumns,
  type ReadingFieldSpec,
  rowsOf,
  TextBuilder,
  type TextColumn,
} from '../../../indicium/index.ts';

/** Everything that is stored of a batch of scans: what came in, what was read, what was answered. */
export interface EvidenceColumns {
  /** Row number of the first; the others follow. */
  readonly firstRow: bigint;
  readonly source: string;
  readonly policyVersion: number;
  readonly readings: ReadingColumns;
  readonly dispositions: TextColumn;
  /** Reason codes, with commas between them. */
  readonly reasons: TextColumn;
}

/** One column of the evidence table: its SQL type and where its values come from. Times are ms since 1970, UTC. */
interface StoredColumn {
  readonly name: string;
  /** Version of the store that has it first; links of earlier ones do not cover it. Not given, all versions have it. */
  readonly since?: number;
  readonly type: DuckDBType;
  readonly of: (evidence: EvidenceColumns) => Column;
}

const SQL_TYPES: Readonly<Record<ReadingFieldSpec['kind'], DuckDBType>> = {
  text: VARCHAR,
  bytes: BLOB,
  int64: BIGINT,
  uint64: UBIGINT,
  int32: INTEGER,
  uint32: UINTEGER,
};

const READ = READING_FIELD_SPECS.map(([name, { kind, sinceStore }]): StoredColumn => {
  const of = ({ readings }: EvidenceColumns) => columnOf(readings, name);
  return { name: storedName(name), type: SQL_TYPES[kind], of, ...(sinceStore !== undefined && { since: sinceStore }) };
});
const FIRST = READ.filter(({ since }) => since === undefined);
const LATER = READ.filter(({ since }) => since !== undefined);

/**
 * The evidence table: the schema, the appender and the chain of digests are all made from this list, whose order is that of the file.
 * A scan is known by its id and digest, which come before the source that it came from.
 */
export const EVIDENCE_COLUMNS: readonly StoredColumn[] = [
  { name: 'row_id', type: BIGINT, of: ({ firstRow, readings }) => sequence(firstRow, rowsOf(readings)) },
  ...FIRST.slice(0, 2),
  { name: 'source', type: VARCHAR, of: ({ source, readings }) => repeatedText(source, rowsOf(readings)) },
  ...FIRST.slice(2),
  { name: 'disposition', type: VARCHAR, of: ({ dispositions }) => dispositions },
  { name: 'reasons', type: VARCHAR, of: ({ reasons }) => reasons },
  {
    name: 'policy_version',
    type: BIGINT,
    of: ({ policyVersion, readings }) => repeatedNumber(policyVersion, rowsOf(readings)),
  },
  ...LATER,
];

/** The name in the store of what is read: `scanned_at_ms` of `scannedAtMs`, where the table gives no other. */
export function storedName(field: string): string {
  const given = READING_FIELD_SPECS.find(([name]) => name === field)?.[1].storedAs;
  return given ?? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Of a row of `evidence`: whether its mark is genuine. */
export const IS_GENUINE_SQL = `outcome in ('${GENUINE_OUTCOMES.join("', '")}')`;

/** Of all columns of the table, in its order, those that a link of this version of the store covers, or the others. */
export function columnsOfVersion(
  columns: readonly Column[],
  version: number,
): { readonly covered: readonly Column[]; readonly later: readonly Column[] } {
  const isCovered = (_: Column, index: number) => (EVIDENCE_COLUMNS[index]?.since ?? 0) <= version;
  return { covered: columns.filter(isCovered), later: columns.filter((_, index) => !isCovered(_, index)) };
}

function sequence(first: bigint, rows: number): Column {
  const builder = new Int64Builder(rows);
  const start = Number(first);
  for (let row = 0; row < rows; row++) builder.set(row, start + row);
  return builder.finish(rows);
}

function repeatedNumber(value: number, rows: number): Column {
  const builder = new Int64Builder(rows);
  for (let row = 0; row < rows; row++) builder.set(row, value);
  return builder.finish(rows);
}

function repeatedText(text: string, rows: number): Column {
  const builder = new TextBuilder(rows);
  for (let row = 0; row < rows; row++) builder.add(text);
  return builder.finish();
}
