import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { asBigint, asBytesOrNull, asInteger, asIntegerOrNull, asText, asTextOrNull, asTexts } from '../values.ts';

/** What an investigator wants to see of one scan. Null where the mark was not read or the plant did not say. */
export interface ScanDetail {
  readonly scanId: string;
  readonly scannedAtMs: number | null;
  /** By the clock of the post. */
  readonly receivedAtMs: number | null;
  readonly plant: string | null;
  readonly machine: string | null;
  readonly pass: string | null;
  readonly mailpieceId: string | null;
  readonly image: string | null;
  readonly outcome: string;
  readonly disposition: string;
  readonly reasons: readonly string[];
  readonly license: number | null;
  readonly holder: string | null;
  readonly town: string | null;
  readonly psd: string | null;
  readonly pieceCount: bigint | null;
  readonly postageMills: number | null;
  readonly printedAtMs: number | null;
  readonly payload: Uint8Array | null;
}

const SQL = `
select evidence.scan_id, evidence.scanned_at_ms, evidence.plant, evidence.machine, evidence.pass,
  evidence.mailpiece_id, evidence.image, evidence.outcome, verdicts.disposition, verdicts.reasons, evidence.license,
  licenses.holder, licenses.town, evidence.psd, evidence.piece_count, evidence.postage_mills, evidence.printed_at_ms,
  evidence.received_at_ms, evidence.payload
from evidence
join verdicts using (row_id)
left join licenses on licenses.license = evidence.license
where evidence.scan_id in (select unnest($1))
order by evidence.scanned_at_ms, evidence.row_id`;

/** Details of these scans, in the order of their time. */
export async function readScanDetails(connection: DuckDBConnection, scanIds: readonly string[]): Promise<ScanDetail[]> {
  const result = await connection.runAndReadAll(SQL, [listValue([...scanIds])], [LIST(VARCHAR)]);
  return result.getRows().map((row) => ({
    scanId: asText(row[0]),
    scannedAtMs: asIntegerOrNull(row[1]),
    plant: asTextOrNull(row[2]),
    machine: asTextOrNull(row[3]),
    pass: asTextOrNull(row[4]),
    mailpieceId: asTextOrNull(row[5]),
    image: asTextOrNull(row[6]),
    outcome: asText(row[7]),
    disposition: asText(row[8]),
    reasons: asTexts(row[9]),
    license: asIntegerOrNull(row[10]),
    holder: asTextOrNull(row[11]),
    town: asTextOrNull(row[12]),
    psd: asTextOrNull(row[13]),
    pieceCount: row[14] === null ? null : asBigint(row[14]),
    postageMills: asIntegerOrNull(row[15]),
    printedAtMs: asIntegerOrNull(row[16]),
    receivedAtMs: asIntegerOrNull(row[17]),
    payload: asBytesOrNull(row[18]),
  }));
}

/** Scans per disposition in each quarter of an hour. */
export interface TimelineBar {
  readonly startMs: number;
  readonly accept: number;
  readonly divert: number;
  readonly manual: number;
}

export async function readTimeline(connection: DuckDBConnection, barMs: number): Promise<TimelineBar[]> {
  const result = await connection.runAndReadAll(
    `select scanned_at_ms // $1 * $1 as start_ms, count(*) filter (where disposition = 'accept'),
       count(*) filter (where disposition = 'divert'), count(*) filter (where disposition = 'manual')
     from evidence where scanned_at_ms is not null group by start_ms order by start_ms`,
    [BigInt(barMs)],
  );
  return result.getRows().map((row) => ({
    startMs: asInteger(row[0]),
    accept: asInteger(row[1]),
    divert: asInteger(row[2]),
    manual: asInteger(row[3]),
  }));
}
