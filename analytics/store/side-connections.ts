import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Seals } from './audit/seals.ts';
import type { Commits, Noted } from './commits.ts';
import { StoreError } from './store-error.ts';

function stopped(options: ErrorOptions = {}): StoreError {
  return new StoreError('the store is closed, or it is being opened again', 'reopening', null, options);
}

/** What is done to a store while evidence goes on being written to it. */
export interface BesideStore {
  readonly connection: DuckDBConnection;
  /** Digests of the sealed tables, as of the last commit. */
  readonly seals: Seals;
  /** What it changed is noted in the ledger; null where it changed nothing. */
  transaction(work: () => Promise<Noted | null>): Promise<void>;
}

/**
 * Work beside the writer, each on a connection of its own: it sees what was committed when it began and holds up no
 * verdict. It must be stopped before the file is closed.
 */
export class SideConnections {
  readonly #instance: DuckDBInstance;
  readonly #commits: Commits;
  readonly #connections = new Set<DuckDBConnection>();
  readonly #running = new Set<Promise<unknown>>();
  #isStopped = false;

  constructor(instance: DuckDBInstance, commits: Commits) {
    this.#instance = instance;
    this.#commits = commits;
  }

  async run<Result>(work: (store: BesideStore) => Promise<Result>): Promise<Result> {
    if (this.#isStopped) throw stopped();
    const result = this.#withConnection(work);
    this.#running.add(result);
    try {
      return await result;
    } finally {
      this.#running.delete(result);
    }
  }

  async #withConnection<Result>(work: (store: BesideStore) => Promise<Result>): Promise<Result> {
    const connection = await this.#instance.connect();
    this.#connections.add(connection);
    try {
      return await work({
        connection,
        seals: this.#commits.end.seals,
        transaction: (steps) => this.#commits.noted(connection, steps),
      });
    } catch (error) {
      // No matter what it says, it was interrupted.
      throw this.#isStopped ? stopped({ cause: error }) : error;
    } finally {
      this.#connections.delete(connection);
      connection.closeSync();
    }
  }

  /** Interrupts what runs, waits until it has ended, and lets nothing more begin. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const connection of this.#connections) connection.interrupt();
    await Promise.allSettled(this.#running);
  }
}
