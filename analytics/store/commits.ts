import type { DuckDBConnection } from '@duckdb/node-api';
import type { Anchor, Anchored } from './audit/anchor.ts';
import type { Author } from './audit/author.ts';
import type { ChainEnd } from './audit/chain-table.ts';
import { appendEntry, headOfEntry, type LedgerEnd, type LedgerEvent } from './audit/ledger.ts';
import { digestOfSeals, type Seals, storeSeals } from './audit/seals.ts';
import { CommitUnknownError } from './commit-unknown.ts';
import { StoreError } from './store-error.ts';

/** Where a store stands after a commit. */
export interface StoreEnd {
  /** Commits that changed anything, from 1 on: the number of the last one. Links and ledger entries bear it. */
  readonly commitNumber: bigint;
  readonly chain: ChainEnd;
  readonly ledger: LedgerEnd;
  readonly seals: Seals;
}

/** What a transaction did beside recording evidence, for the ledger. */
export interface Noted {
  readonly event: LedgerEvent;
  readonly detail: object;
  /** Digests of the tables that it changed. */
  readonly seals: Seals;
}

export function anchoredOf({ commitNumber, chain, ledger }: StoreEnd): Anchored {
  return { commitNumber, rows: chain.rows, head: chain.head, entries: ledger.entries, ledgerHead: ledger.head };
}

/** Joins an open transaction. Gives where the store stands when it is committed. */
export async function noteIn(
  connection: DuckDBConnection,
  before: StoreEnd,
  { event, detail, seals: changed }: Noted,
  author: Author,
): Promise<StoreEnd> {
  const commitNumber = before.commitNumber + 1n;
  const seals = new Map([...before.seals, ...changed]);
  const atMs = author.nowMs();
  const entry = {
    sequence: before.ledger.entries + 1n,
    commitNumber,
    atMs: atMs === null ? null : BigInt(Math.round(atMs)),
    actor: author.name,
    event,
    detail: JSON.stringify(detail),
    seals: digestOfSeals(seals),
  };
  const head = headOfEntry(before.ledger.head, entry);
  await appendEntry(connection, { ...entry, head });
  await storeSeals(connection, changed);
  return { ...before, commitNumber, ledger: { entries: entry.sequence, head }, seals };
}

/**
 * The commits of one store, one after another, each followed by its anchor: so a kill leaves a store that is ahead of its
 * anchor by one commit, and never by more. Transactions of several connections may be open at the same time; only
 * their ends are put in a row.
 */
export class Commits {
  readonly #anchor: Anchor;
  readonly #author: Author;
  #end: StoreEnd;
  #last: Promise<unknown> = Promise.resolve();
  /** A commit failed, or its anchor did: only opening the store again tells what it holds. */
  #isUnknown = false;

  constructor(anchor: Anchor, author: Author, end: StoreEnd) {
    this.#anchor = anchor;
    this.#author = author;
    this.#end = end;
  }

  get end(): StoreEnd {
    return this.#end;
  }

  /**
   * A transaction that needs to know from its start where the store stands: no other is committed meanwhile.
   *
   * @throws CommitUnknownError when it may have taken effect.
   */
  alone(connection: DuckDBConnection, work: (end: StoreEnd) => Promise<StoreEnd>): Promise<void> {
    return this.#inRow(async () => {
      await connection.run('begin');
      await this.#finish(connection, () => work(this.#end));
    });
  }

  /**
   * A transaction that others may overtake until it ends. Null where nothing is to be noted, since nothing was changed.
   *
   * @throws CommitUnknownError when it may have taken effect.
   */
  async noted(connection: DuckDBConnection, work: () => Promise<Noted | null>): Promise<void> {
    await connection.run('begin');
    let noted: Noted | null;
    try {
      noted = await work();
    } catch (error) {
      await connection.run('rollback');
      throw error;
    }
    if (noted === null) {
      await connection.run('commit');
      return;
    }
    const { event, detail, seals } = noted;
    await this.#inRow(() =>
      this.#finish(connection, () => noteIn(connection, this.#end, { event, detail, seals }, this.#author)),
    );
  }

  /** Joins an open transaction that is alone. */
  note(connection: DuckDBConnection, before: StoreEnd, noted: Noted): Promise<StoreEnd> {
    return noteIn(connection, before, noted, this.#author);
  }

  #inRow(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #finish(connection: DuckDBConnection, work: () => Promise<StoreEnd>): Promise<void> {
    let end: StoreEnd;
    try {
      if (this.#isUnknown) throw new StoreError('an earlier commit failed: it is being opened again', 'reopening');
      end = await work();
    } catch (error) {
      await connection.run('rollback');
      throw error;
    }
    try {
      await connection.run('commit');
      this.#anchor.write(anchoredOf(end));
    } catch (error) {
      this.#isUnknown = true;
      throw new CommitUnknownError(error instanceof Error ? error.message : String(error), { cause: error });
    }
    this.#end = end;
  }
}
