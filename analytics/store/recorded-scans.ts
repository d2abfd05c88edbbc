import { type DuckDBConnection, LIST, listValue, UBIGINT, VARCHAR } from '@duckdb/node-api';
import type { NamedScan } from '../recorder/scan-key.ts';
import type { StoredAnswer } from '../recorder/used-key.ts';
import { asBigint, asText } from './values.ts';

export type ScanKey = Pick<NamedScan, 'plant' | 'scanId'>;

/** No plant has an empty name, so that it stands for a missing one in comparisons. */
const PLANT = "coalesce(plant, '')";

/** What was answered to those of these scans that are recorded, in the order in which they were. */
export async function readRecordedAnswers(
  connection: DuckDBConnection,
  scans: readonly NamedScan[],
): Promise<(NamedScan & StoredAnswer)[]> {
  const result = await connection.runAndReadAll(
    `select scan_id, ${PLANT}, scan_digest, disposition, reasons
     from evidence semi join (select unnest($1) as id, unnest($2) as plant_name, unnest($3) as digest) as asked
       on scan_id = id and ${PLANT} = plant_name and scan_digest = digest
     order by row_id`,
    [...keyLists(scans), listValue(scans.map(({ digest }) => digest))],
    [LIST(VARCHAR), LIST(VARCHAR), LIST(UBIGINT)],
  );
  return result.getRows().map(([scanId, plant, digest, disposition, reasons]) => ({
    ...keyOf(asText(scanId), asText(plant)),
    digest: asBigint(digest),
    disposition: asText(disposition),
    reasons: asText(reasons),
  }));
}

/** Those of these keys under which any scan is recorded, each once. */
export async function readUsedKeys(connection: DuckDBConnection, keys: readonly ScanKey[]): Promise<ScanKey[]> {
  const result = await connection.runAndReadAll(
    `select distinct scan_id, ${PLANT}
     from evidence semi join (select unnest($1) as id, unnest($2) as plant_name) as asked
       on scan_id = id and ${PLANT} = plant_name`,
    keyLists(keys),
    [LIST(VARCHAR), LIST(VARCHAR)],
  );
  return result.getRows().map(([scanId, plant]) => keyOf(asText(scanId), asText(plant)));
}

function keyLists(keys: readonly ScanKey[]) {
  return [listValue(keys.map(({ scanId }) => scanId)), listValue(keys.map(({ plant }) => plant ?? ''))];
}

function keyOf(scanId: string, plant: string): ScanKey {
  return { scanId, plant: plant === '' ? null : plant };
}
