import type { DuckDBConnection } from '@duckdb/node-api';
import {
  GENUINE_OUTCOMES,
  UNCHECKED_CODES,
  type UncheckedCode,
  type UncheckedCounts,
} from '../../../indicium/index.ts';
import { asInteger } from '../values.ts';

/** The column of `evidence` without which a check is not made: that of UNCHECKED, by its name in the store. */
const COLUMN_OF: Readonly<Record<UncheckedCode, string>> = {
  date: 'scanned_at_ms',
  receipt: 'received_at_ms',
  mailpiece: 'mailpiece_id',
  plant: 'plant',
  pass: 'pass',
  destination: 'sorter_destination',
  weight: 'weight_grams',
};

const IS_GENUINE = `outcome in ('${GENUINE_OUTCOMES.join("', '")}')`;
const CODES = UNCHECKED_CODES.map((code) => `case when ${COLUMN_OF[code]} is null then '${code}' end`);

/** Of a row of `evidence`: the codes of the checks that were not made, as a list. */
export const UNCHECKED_SQL = `case when ${IS_GENUINE} then list_filter([${CODES.join(', ')}], lambda code: code is not null) else []::varchar[] end`;

/** How many scans with a genuine mark left each check open, and how many there are. */
export interface UncheckedScans {
  readonly genuine: number;
  readonly unchecked: UncheckedCounts;
}

export async function readUnchecked(connection: DuckDBConnection): Promise<UncheckedScans> {
  const counts = UNCHECKED_CODES.map((code) => `count(*) filter (where ${COLUMN_OF[code]} is null)`);
  const result = await connection.runAndReadAll(
    `select count(*), ${counts.join(', ')} from evidence where ${IS_GENUINE}`,
  );
  const [genuine = 0, ...scans] = (result.getRows()[0] ?? []).map(asInteger);
  const entries = UNCHECKED_CODES.map((code, index) => [code, scans[index] ?? 0] as const);
  return { genuine, unchecked: Object.fromEntries(entries.filter(([, its]) => its > 0)) };
}
