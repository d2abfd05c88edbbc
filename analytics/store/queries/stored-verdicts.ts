import { BIGINT, type DuckDBConnection, LIST, listValue, UBIGINT, VARCHAR } from '@duckdb/node-api';
import { asDisposition, isReasonCode, type StoredVerdict, type VerdictQuery } from '../../../indicium/index.ts';
import { VERDICTS_PER_LOOK_UP_MAX } from '../../limits.ts';
import { asBigint, asBytesOrNull, asInteger, asText, asTextOrNull } from '../values.ts';
import { UNCHECKED_SQL, uncheckedOf } from './unchecked.ts';

/** No plant has an empty name, so that it stands for a missing one. */
const IS_NAMED = "coalesce(plant, '') = plant_name and scan_digest = digest";
const MAY_BE_NAMED = "coalesce(coalesce(plant, '') = plant_name, true) and coalesce(scan_digest = digest, true)";

/**
 * Verdicts that are asked for, in the order in which they were recorded: of each query the newest, as many as a look-up
 * gives.
 */
export async function readStoredVerdicts(
  connection: DuckDBConnection,
  queries: readonly VerdictQuery[],
): Promise<StoredVerdict[]> {
  // Equal in all three, so that one id with a million scans under it is not compared with each of thousands of queries.
  const isExact = queries.every(({ plant, digest }) => plant !== undefined && digest !== undefined);
  const found = await connection.runAndReadAll(
    `with asked as (
       select unnest($1) as id, unnest($2) as plant_name, unnest($3) as digest, generate_subscripts($1, 1) as place
     ),
     matched as (
       select row_id, place from evidence join asked on scan_id = id and ${isExact ? IS_NAMED : MAY_BE_NAMED}
       qualify row_number() over (partition by place order by row_id desc) <= ${VERDICTS_PER_LOOK_UP_MAX}
     )
     select row_id, scan_id, scan_digest, plant, disposition, reasons,
       case when license is not null then payload end, trust_version, policy_version, extra,
       ${UNCHECKED_SQL}
     from evidence semi join matched using (row_id) order by row_id`,
    [
      listValue(queries.map(({ scanId }) => scanId)),
      listValue(queries.map(({ plant }) => (plant === undefined ? null : (plant ?? '')))),
      listValue(queries.map(({ digest }) => digest ?? null)),
    ],
    [LIST(VARCHAR), LIST(VARCHAR), LIST(UBIGINT)],
  );
  const rows = found.getRows();
  const findingIds = await readFindingIds(
    connection,
    rows.map(([row]) => asBigint(row)),
  );
  return rows.map((row) => ({
    scanId: asText(row[1]),
    digest: asBigint(row[2]),
    plant: asTextOrNull(row[3]),
    disposition: asDisposition(asText(row[4])),
    reasons: asText(row[5]).split(',').filter(isReasonCode),
    payload: asBytesOrNull(row[6]),
    trustVersion: asInteger(row[7]),
    policyVersion: asInteger(row[8]),
    findingIds: findingIds.get(asBigint(row[0])) ?? [],
    extra: asTextOrNull(row[9]),
    unchecked: uncheckedOf(row[10]),
  }));
}

/** By row. */
async function readFindingIds(
  connection: DuckDBConnection,
  rows: readonly bigint[],
): Promise<ReadonlyMap<bigint, string[]>> {
  const found = await connection.runAndReadAll(
    `select distinct row_id, concat_ws('/', kind, license, psd, nullif(key, '')) as finding_id
     from named_scan semi join (select unnest($1) as row_id) using (row_id) order by finding_id`,
    [listValue([...rows])],
    [LIST(BIGINT)],
  );
  const ids = new Map<bigint, string[]>();
  for (const [row, id] of found.getRows()) {
    const rowId = asBigint(row);
    ids.set(rowId, [...(ids.get(rowId) ?? []), asText(id)]);
  }
  return ids;
}
