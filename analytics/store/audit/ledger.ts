import { createHash } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { asBigint, asBigintOrNull, asBytes, asText, asTextOrNull } from '../values.ts';
import { NO_HEAD } from './chain.ts';

/** What is noted of a store beside its evidence. */
export const LEDGER_EVENTS = [
  'created',
  'upgraded',
  'accepted',
  'views-renewed',
  'policy-used',
  'registry-taken',
  'detected',
  'findings-told',
  'case-closed',
  'archived',
  'unarchived',
  'restored',
  'gathered',
  'snapshot-written',
] as const;
export type LedgerEvent = (typeof LEDGER_EVENTS)[number];

export interface LedgerEntry {
  /** From 1 on, without gaps. */
  readonly sequence: bigint;
  /** Number of the commit that it was written with: see commits.ts. */
  readonly commitNumber: bigint;
  /** Milliseconds since 1970; null where there was no clock. */
  readonly atMs: bigint | null;
  readonly actor: string | null;
  readonly event: string;
  /** JSON; what it says depends on the event. */
  readonly detail: string;
  /** Digest of all seals as they are after it: see seals.ts. */
  readonly seals: string;
}

export interface StoredEntry extends LedgerEntry {
  readonly head: Uint8Array;
}

/** How long a ledger is, and its last head. */
export interface LedgerEnd {
  readonly entries: bigint;
  readonly head: Uint8Array;
}

export const NO_LEDGER: LedgerEnd = { entries: 0n, head: NO_HEAD };

/**
 * SHA-256 over the head before and the fields, each with its length before it, so that no two entries are the same bytes.
 * A field that is null has the length 2^32 − 1 and no bytes.
 */
export function headOfEntry(headBefore: Uint8Array, entry: LedgerEntry): Buffer {
  const hash = createHash('sha256').update(headBefore);
  const { sequence, commitNumber, atMs, actor, event, detail, seals } = entry;
  for (const field of [
    `${sequence}`,
    `${commitNumber}`,
    atMs === null ? null : `${atMs}`,
    actor,
    event,
    detail,
    seals,
  ]) {
    const bytes = field === null ? null : Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes?.length ?? 0xffff_ffff);
    hash.update(length);
    if (bytes !== null) hash.update(bytes);
  }
  return hash.digest();
}

const COLUMNS = 'sequence, commit_number, at_ms, actor, event, detail, seals, head';

/** Joins an open transaction. */
export async function appendEntry(connection: DuckDBConnection, entry: StoredEntry): Promise<void> {
  const { sequence, commitNumber, atMs, actor, event, detail, seals, head } = entry;
  await connection.run(`insert into ledger (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, from_hex($8))`, [
    sequence,
    commitNumber,
    atMs,
    actor,
    event,
    detail,
    seals,
    Buffer.from(head).toString('hex'),
  ]);
}

/** The last entries, at most so many, the last one first. */
export function lastEntries(connection: DuckDBConnection, count: number): Promise<StoredEntry[]> {
  return entriesOf(connection, `order by sequence desc limit ${count}`);
}

/** The last entry up to a commit, or null if no entry is that old. */
export async function entryUpTo(connection: DuckDBConnection, commitNumber: bigint): Promise<StoredEntry | null> {
  const where = `where commit_number <= ${commitNumber} order by sequence desc limit 1`;
  return (await entriesOf(connection, where))[0] ?? null;
}

/** All entries in their order. */
export async function* storedEntries(connection: DuckDBConnection): AsyncGenerator<StoredEntry> {
  const result = await connection.stream(`select ${COLUMNS} from ledger order by sequence`);
  for await (const rows of result.yieldRows()) for (const row of rows) yield entryOf(row);
}

async function entriesOf(connection: DuckDBConnection, clauses: string): Promise<StoredEntry[]> {
  const result = await connection.runAndReadAll(`select ${COLUMNS} from ledger ${clauses}`);
  return result.getRows().map(entryOf);
}

function entryOf(row: readonly Parameters<typeof asText>[0][]): StoredEntry {
  const [sequence, commitNumber, atMs, actor, event, detail, seals, head] = row;
  return {
    sequence: asBigint(sequence),
    commitNumber: asBigint(commitNumber),
    atMs: asBigintOrNull(atMs),
    actor: asTextOrNull(actor),
    event: asText(event),
    detail: asText(detail),
    seals: asText(seals),
    head: asBytes(head),
  };
}
