import type { DuckDBConnection } from '@duckdb/node-api';
import { BATCH_SCANS_MAX } from '../../../indicium/index.ts';
import type { StoreEnd } from '../commits.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';
import { readStoredRows } from '../schema/stored-columns.ts';
import { asBigint } from '../values.ts';
import { emptyLink, type LinkPlace, linkOfColumns } from './chain.ts';
import { type ChainEnd, LinkAppender } from './chain-table.ts';

/**
 * Links all evidence that is not linked yet, as it stands now: what an earlier version of the store had recorded, or what
 * was gathered from elsewhere. If all evidence is linked, a link without rows says how far sources were read. The links
 * are of the commit after this end.
 */
export async function sealAll(
  connection: DuckDBConnection,
  { commitNumber, chain }: Pick<StoreEnd, 'commitNumber' | 'chain'>,
  positions: Uint8Array,
): Promise<ChainEnd> {
  const place: LinkPlace = { version: SCHEMA_VERSION, commitNumber: commitNumber + 1n, positions };
  const result = await connection.runAndReadAll('select coalesce(max(row_id), 0) from evidence');
  const rows = asBigint(result.getRows()[0]?.[0]);
  const links = new LinkAppender(connection);
  let { rows: sealed, head } = chain;
  if (sealed >= rows) {
    const link = emptyLink(sealed + 1n, head, place);
    await links.append([link]);
    head = link.head;
  }
  while (sealed < rows) {
    const lastRow = sealed + BigInt(BATCH_SCANS_MAX) < rows ? sealed + BigInt(BATCH_SCANS_MAX) : rows;
    const { columns } = await readStoredRows(connection, sealed + 1n, lastRow);
    const link = linkOfColumns(sealed + 1n, Number(lastRow - sealed), columns, head, place);
    await links.append([link]);
    sealed = lastRow;
    head = link.head;
  }
  links.close();
  return { rows: sealed, head };
}
