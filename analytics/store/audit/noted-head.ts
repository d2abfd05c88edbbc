import { hash } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { plural } from '../../../indicium/index.ts';
import type { StoreEnd } from '../commits.ts';
import { NO_HEAD } from './chain.ts';
import { linkUpTo } from './chain-table.ts';
import { entryUpTo } from './ledger.ts';
import { problemOf, type StoreProblem } from './store-problem.ts';

/** Number of the commit, and SHA-256 over the heads of chain and ledger after it. */
export function headOfStore({ commitNumber, chain, ledger }: StoreEnd): string {
  return headText(commitNumber, chain.head, ledger.head);
}

function headText(commitNumber: bigint, chainHead: Uint8Array, ledgerHead: Uint8Array): string {
  return `${commitNumber}-${hash('sha256', Buffer.concat([chainHead, ledgerHead]))}`;
}

export function isHead(text: string): boolean {
  return /^\d{1,18}-[0-9a-f]{64}$/.test(text);
}

/** What a head that was noted down earlier says against a store. */
export async function noteProblem(
  connection: DuckDBConnection,
  { commitNumber }: StoreEnd,
  noted: string,
): Promise<StoreProblem[]> {
  const number = BigInt(noted.split('-')[0] ?? 0);
  const differs = (detail: string) => [problemOf('head-differs', detail)];
  if (number > commitNumber)
    return differs(`it has ${plural(commitNumber, 'commit')}, and the head that was noted is that of commit ${number}`);
  const [link, entry] = [await linkUpTo(connection, number), await entryUpTo(connection, number)];
  if (headText(number, link?.head ?? NO_HEAD, entry?.head ?? NO_HEAD) === noted) return [];
  return differs(`its history up to commit ${number} is not that whose head was noted`);
}
