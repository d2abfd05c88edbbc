import type { DuckDBConnection } from '@duckdb/node-api';
import { BATCH_SCANS_MAX } from '../../indicium/index.ts';
import { linkOfColumns } from './chain.ts';
import { chainEnd, LinkAppender } from './chain-table.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { readStoredRows } from './stored-columns.ts';
import { asBigint } from './values.ts';

/** Links all evidence that is not linked yet, as it stands now: what an earlier version of the store had recorded. */
export async function sealAll(connection: DuckDBConnection): Promise<void> {
  let { rows: sealed, head } = await chainEnd(connection);
  const result = await connection.runAndReadAll('select coalesce(max(row_id), 0) from evidence');
  const rows = asBigint(result.getRows()[0]?.[0]);
  const links = new LinkAppender(connection);
  while (sealed < rows) {
    const lastRow = sealed + BigInt(BATCH_SCANS_MAX) < rows ? sealed + BigInt(BATCH_SCANS_MAX) : rows;
    const { columns } = await readStoredRows(connection, sealed + 1n, lastRow);
    const link = linkOfColumns(sealed + 1n, Number(lastRow - sealed), columns, head, SCHEMA_VERSION);
    await links.append([link]);
    sealed = lastRow;
    head = link.head;
  }
  links.close();
}
