import type { DuckDBConnection } from '@duckdb/node-api';
import type { Refusal } from './refusal.ts';
import { refuseSize } from './statement-size.ts';
import { readSyntaxTree } from './syntax-tree.ts';
import { refuseTree } from './tree-check.ts';

/** Why a stranger's statement is not asked; null where everything in it is known. */
export async function refuseStatement(connection: DuckDBConnection, sql: string): Promise<Refusal | null> {
  const refusal = refuseSize(sql);
  if (refusal !== null) return refusal;
  const read = await readSyntaxTree(connection, sql);
  return 'refusal' in read ? read.refusal : refuseTree(read.tree);
}
