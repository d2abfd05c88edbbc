import {
  BIGINT,
  BLOB,
  blobValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  UBIGINT,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import type { Evidence } from '../evidence.ts';

/** One column of the evidence table: its SQL type and where its value comes from. Times are ms since 1970, UTC. */
export interface Column {
  readonly name: string;
  readonly type: DuckDBType;
  readonly value: (evidence: Evidence, rowId: bigint, source: string) => DuckDBValue;
}

const integer = (value: number | null | undefined): bigint | null => (value == null ? null : BigInt(value));

/** The evidence table: the schema and the appender are both made from this list. */
export const EVIDENCE_COLUMNS: readonly Column[] = [
  { name: 'row_id', type: BIGINT, value: (_, rowId) => rowId },
  { name: 'scan_id', type: VARCHAR, value: ({ scan }) => scan.scanId },
  { name: 'scan_digest', type: UBIGINT, value: ({ scan }) => scan.digest },
  { name: 'source', type: VARCHAR, value: (_, __, source) => source },
  { name: 'plant', type: VARCHAR, value: ({ scan }) => scan.plant },
  { name: 'machine', type: VARCHAR, value: ({ scan }) => scan.machine },
  { name: 'scanned_at_ms', type: BIGINT, value: ({ scan }) => integer(scan.scannedAtMs) },
  { name: 'mailpiece_id', type: VARCHAR, value: ({ scan }) => scan.mailpieceId },
  { name: 'pass', type: VARCHAR, value: ({ scan }) => scan.pass },
  { name: 'sorter_destination', type: VARCHAR, value: ({ scan }) => scan.destination },
  { name: 'weight_grams', type: INTEGER, value: ({ scan }) => scan.weightGrams },
  { name: 'image', type: VARCHAR, value: ({ scan }) => (scan.mark.kind === 'image' ? scan.mark.path : null) },
  { name: 'note', type: VARCHAR, value: ({ scan }) => (scan.mark.kind === 'none' ? scan.mark.detail : null) },
  { name: 'extra', type: VARCHAR, value: ({ scan }) => scan.extra },
  { name: 'payload', type: BLOB, value: ({ reading }) => blobOrNull(reading.payload) },
  { name: 'symbology', type: VARCHAR, value: ({ reading }) => reading.symbology },
  { name: 'trust_version', type: BIGINT, value: ({ reading }) => BigInt(reading.trustVersion) },
  { name: 'outcome', type: VARCHAR, value: ({ reading }) => reading.outcome },
  { name: 'key_id', type: BIGINT, value: ({ reading }) => integer(reading.indicium?.keyId) },
  { name: 'license', type: BIGINT, value: ({ reading }) => integer(reading.indicium?.license) },
  { name: 'psd', type: VARCHAR, value: ({ reading }) => reading.indicium?.psd ?? null },
  { name: 'epoch', type: UINTEGER, value: ({ reading }) => reading.indicium?.epoch ?? null },
  { name: 'piece_count', type: UBIGINT, value: ({ reading }) => reading.indicium?.pieceCount ?? null },
  { name: 'ascending_mills', type: BIGINT, value: ({ reading }) => integer(reading.indicium?.ascendingMills) },
  { name: 'descending_mills', type: BIGINT, value: ({ reading }) => integer(reading.indicium?.descendingMills) },
  { name: 'postage_mills', type: BIGINT, value: ({ reading }) => integer(reading.indicium?.postageMills) },
  { name: 'rate_category', type: INTEGER, value: ({ reading }) => reading.indicium?.rateCategory ?? null },
  { name: 'printed_at_ms', type: BIGINT, value: ({ reading }) => integer(reading.indicium?.printedAtMs) },
  { name: 'deposit_postcode', type: VARCHAR, value: ({ reading }) => reading.indicium?.depositPostcode ?? null },
  {
    name: 'destination_postcode',
    type: VARCHAR,
    value: ({ reading }) => reading.indicium?.destinationPostcode ?? null,
  },
  {
    name: 'content_digest',
    type: UBIGINT,
    value: ({ reading }) => (reading.indicium === null ? null : reading.contentDigest),
  },
  { name: 'disposition', type: VARCHAR, value: ({ verdict }) => verdict.disposition },
  { name: 'reasons', type: VARCHAR, value: ({ verdict }) => verdict.reasons.join(',') },
];

function blobOrNull(bytes: Uint8Array | null): DuckDBValue {
  return bytes === null ? null : blobValue(bytes);
}
