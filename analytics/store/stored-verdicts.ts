import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { asDisposition, type Disposition, isReasonCode, type ReasonCode } from '../../indicium/index.ts';
import { asBigint, asBytesOrNull, asInteger, asText, asTextOrNull } from './values.ts';

/** What was answered for a scan, and what detectors found about it since. */
export interface StoredVerdict {
  readonly scanId: string;
  /** Of what was sent: the same scan id with another digest is another scan. */
  readonly digest: bigint;
  readonly plant: string | null;
  readonly disposition: Disposition;
  readonly reasons: readonly ReasonCode[];
  /** Of the mark; null where it is no indicium. */
  readonly payload: Uint8Array | null;
  readonly trustVersion: number;
  readonly policyVersion: number;
  /** `kind/license/psd/key`, without the key where it is empty: the columns by which the view `findings` knows them. */
  readonly findingIds: readonly string[];
}

/** Verdicts under these scan ids, in the order in which they were recorded. */
export async function readStoredVerdicts(
  connection: DuckDBConnection,
  scanIds: readonly string[],
): Promise<StoredVerdict[]> {
  const wanted = listValue([...scanIds]);
  const found = await connection.runAndReadAll(
    `select row_id, scan_id, scan_digest, plant, disposition, reasons,
       case when license is not null then payload end, trust_version, policy_version
     from evidence semi join (select unnest($1) as scan_id) using (scan_id) order by row_id`,
    [wanted],
    [LIST(VARCHAR)],
  );
  const findingIds = await readFindingIds(connection, scanIds);
  return found.getRows().map((row) => ({
    scanId: asText(row[1]),
    digest: asBigint(row[2]),
    plant: asTextOrNull(row[3]),
    disposition: asDisposition(asText(row[4])),
    reasons: asText(row[5]).split(',').filter(isReasonCode),
    payload: asBytesOrNull(row[6]),
    trustVersion: asInteger(row[7]),
    policyVersion: asInteger(row[8]),
    findingIds: findingIds.get(asBigint(row[0])) ?? [],
  }));
}

/** By row. */
async function readFindingIds(
  connection: DuckDBConnection,
  scanIds: readonly string[],
): Promise<ReadonlyMap<bigint, string[]>> {
  const found = await connection.runAndReadAll(
    `select distinct row_id, concat_ws('/', kind, license, psd, nullif(key, '')) as finding_id
     from named_scan semi join (select unnest($1) as scan_id) using (scan_id) order by finding_id`,
    [listValue([...scanIds])],
    [LIST(VARCHAR)],
  );
  const ids = new Map<bigint, string[]>();
  for (const [row, id] of found.getRows()) {
    const rowId = asBigint(row);
    ids.set(rowId, [...(ids.get(rowId) ?? []), asText(id)]);
  }
  return ids;
}
