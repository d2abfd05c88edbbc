import { BIGINT, BLOB, type DuckDBType, INTEGER, UBIGINT, UINTEGER, VARCHAR } from '@duckdb/node-api';
import {
  type Column,
  Int64Builder,
  type ReadingColumns,
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

/** The evidence table: the schema, the appender and the chain of digests are all made from this list. */
export const EVIDENCE_COLUMNS: readonly StoredColumn[] = [
  { name: 'row_id', type: BIGINT, of: ({ firstRow, readings }) => sequence(firstRow, rowsOf(readings)) },
  { name: 'scan_id', type: VARCHAR, of: ({ readings }) => readings.scanId },
  { name: 'scan_digest', type: UBIGINT, of: ({ readings }) => readings.scanDigest },
  { name: 'source', type: VARCHAR, of: ({ source, readings }) => repeatedText(source, rowsOf(readings)) },
  { name: 'plant', type: VARCHAR, of: ({ readings }) => readings.plant },
  { name: 'machine', type: VARCHAR, of: ({ readings }) => readings.machine },
  { name: 'scanned_at_ms', type: BIGINT, of: ({ readings }) => readings.scannedAtMs },
  { name: 'mailpiece_id', type: VARCHAR, of: ({ readings }) => readings.mailpieceId },
  { name: 'pass', type: VARCHAR, of: ({ readings }) => readings.pass },
  { name: 'sorter_destination', type: VARCHAR, of: ({ readings }) => readings.destination },
  { name: 'weight_grams', type: INTEGER, of: ({ readings }) => readings.weightGrams },
  { name: 'image', type: VARCHAR, of: ({ readings }) => readings.image },
  { name: 'note', type: VARCHAR, of: ({ readings }) => readings.note },
  { name: 'extra', type: VARCHAR, of: ({ readings }) => readings.extra },
  { name: 'payload', type: BLOB, of: ({ readings }) => readings.payload },
  { name: 'symbology', type: VARCHAR, of: ({ readings }) => readings.symbology },
  { name: 'trust_version', type: BIGINT, of: ({ readings }) => readings.trustVersion },
  { name: 'outcome', type: VARCHAR, of: ({ readings }) => readings.outcome },
  { name: 'key_id', type: BIGINT, of: ({ readings }) => readings.keyId },
  { name: 'license', type: BIGINT, of: ({ readings }) => readings.license },
  { name: 'psd', type: VARCHAR, of: ({ readings }) => readings.psd },
  { name: 'epoch', type: UINTEGER, of: ({ readings }) => readings.epoch },
  { name: 'piece_count', type: UBIGINT, of: ({ readings }) => readings.pieceCount },
  { name: 'ascending_mills', type: BIGINT, of: ({ readings }) => readings.ascendingMills },
  { name: 'descending_mills', type: BIGINT, of: ({ readings }) => readings.descendingMills },
  { name: 'postage_mills', type: BIGINT, of: ({ readings }) => readings.postageMills },
  { name: 'rate_category', type: INTEGER, of: ({ readings }) => readings.rateCategory },
  { name: 'printed_at_ms', type: BIGINT, of: ({ readings }) => readings.printedAtMs },
  { name: 'deposit_postcode', type: VARCHAR, of: ({ readings }) => readings.depositPostcode },
  { name: 'destination_postcode', type: VARCHAR, of: ({ readings }) => readings.destinationPostcode },
  { name: 'content_digest', type: UBIGINT, of: ({ readings }) => readings.contentDigest },
  { name: 'disposition', type: VARCHAR, of: ({ dispositions }) => dispositions },
  { name: 'reasons', type: VARCHAR, of: ({ reasons }) => reasons },
  {
    name: 'policy_version',
    type: BIGINT,
    of: ({ policyVersion, readings }) => repeatedNumber(policyVersion, rowsOf(readings)),
  },
  { name: 'sender', type: VARCHAR, since: 5, of: ({ readings }) => readings.sender },
  { name: 'received_at_ms', type: BIGINT, since: 6, of: ({ readings }) => readings.receivedAtMs },
];

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
