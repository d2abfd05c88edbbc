import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import {
  missing,
  UNCHECKED,
  UNCHECKED_CODES,
  type UncheckedCode,
  type UncheckedCounts,
} from '../../../indicium/index.ts';
import { IS_GENUINE_SQL, storedName } from '../schema/columns.ts';
import { asInteger, asTexts, oneOf } from '../values.ts';

/** The column of `evidence` without which a check is not made. */
const columnOf = (code: UncheckedCode) => storedName(UNCHECKED[code].column);

const CODES = UNCHECKED_CODES.map((code) => `case when ${columnOf(code)} is null then '${code}' end`);

/** Of a row of `evidence`: the codes of the checks that were not made, as a list. */
export const UNCHECKED_SQL = `case when ${IS_GENUINE_SQL} then list_filter([${CODES.join(', ')}], lambda code: code is not null) else []::varchar[] end`;

export function uncheckedOf(value: DuckDBValue | undefined): UncheckedCode[] {
  return asTexts(value).map((code) => oneOf(UNCHECKED_CODES, code));
}

/** How many scans with a genuine mark left each check open, and how many there are. */
export interface UncheckedScans {
  readonly genuine: number;
  readonly unchecked: UncheckedCounts;
}

export async function readUnchecked(connection: DuckDBConnection): Promise<UncheckedScans> {
  const counts = UNCHECKED_CODES.map((code) => `count(*) filter (where ${columnOf(code)} is null)`);
  const result = await connection.runAndReadAll(
    `select count(*), ${counts.join(', ')} from evidence where ${IS_GENUINE_SQL}`,
  );
  const [genuine = 0, ...scans] = (result.getRows()[0] ?? []).map(asInteger);
  const entries = UNCHECKED_CODES.map((code, index) => [code, scans[index] ?? missing('scans')] as const);
  return { genuine, unchecked: Object.fromEntries(entries.filter(([, its]) => its > 0)) };
}
