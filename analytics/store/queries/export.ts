import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { missing } from '../../../indicium/index.ts';
import { PUBLIC_VIEW_NAMES, publicViewSql } from '../schema/public-views.ts';
import { REGISTRY_TABLES } from '../schema/registry-tables.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';
import { quoted } from '../values.ts';
import { parquetExpression } from './exact-types.ts';

/** Tables that all views of a store are made of; to have them is to have the store, as far as it can be asked. */
export const BASE_TABLES: readonly string[] = [
  'evidence',
  'finding',
  'named_scan',
  'revision',
  'severity_score',
  'case_closing',
  'case_closed_scan',
  'registry_version',
  'registry_list',
  ...REGISTRY_TABLES.map(({ table }) => table),
];

/** What a running store gives out: the views that queries know, and the tables behind them. */
export const EXPORTED_VIEWS: readonly string[] = [...PUBLIC_VIEW_NAMES, ...BASE_TABLES];

/** In the metadata of each exported file. */
export const VERSION_KEY = 'indicia_store_version';

/**
 * Writes a view as Parquet, as it is at one moment. Gives the bytes written. Public views have the types of exact-types.ts, as
 * the answers of queries have; tables are copied as they are stored, for another Indicia to take them in.
 *
 * @throws RangeError for a name that is not one of EXPORTED_VIEWS.
 */
export async function exportTo(connection: DuckDBConnection, view: string, path: string): Promise<number> {
  if (!EXPORTED_VIEWS.includes(view)) throw new RangeError(`${view} is not a view that is given out`);
  const rows = PUBLIC_VIEW_NAMES.includes(view) ? await exactRows(connection, publicViewSql(view)) : `from ${view}`;
  await connection.run(
    `copy (${rows}) to ${quoted(path)} (format parquet, kv_metadata {${VERSION_KEY}: '${SCHEMA_VERSION}'})`,
  );
  return (await stat(path)).size;
}

export async function exactRows(connection: DuckDBConnection, sql: string): Promise<string> {
  const columns = await connection.runAndReadAll(`${sql} limit 0`);
  const names = columns.columnNames();
  const exact = columns.columnTypes().map((type, index) => parquetExpression(names[index] ?? missing('names'), type));
  return `select ${exact.join(', ')} from (${sql})`;
}
