import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { REGISTRY_VIEWS } from './registry-schema.ts';
import { REGISTRY_TABLES } from './registry-tables.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { quoted } from './values.ts';

/** Tables that all views of a store are made of; whoever has them has the store, as far as it can be asked. */
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
export const EXPORTED_VIEWS: readonly string[] = [
  ...['scans', 'pieces', 'verdicts', 'findings', 'cases', 'revisions', 'lists'],
  ...REGISTRY_VIEWS.flatMap((view) => [view, `${view}_history`]),
  ...BASE_TABLES,
];

/** In the metadata of each exported file. */
export const VERSION_KEY = 'indicia_store_version';

/**
 * Writes a view as Parquet, as it is at one moment. Gives the bytes written.
 *
 * @throws RangeError for a name that is none of EXPORTED_VIEWS.
 */
export async function exportTo(connection: DuckDBConnection, view: string, path: string): Promise<number> {
  if (!EXPORTED_VIEWS.includes(view)) throw new RangeError(`${view} is no view that is given out`);
  await connection.run(
    `copy (from ${view}) to ${quoted(path)} (format parquet, kv_metadata {${VERSION_KEY}: '${SCHEMA_VERSION}'})`,
  );
  return (await stat(path)).size;
}
