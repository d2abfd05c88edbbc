import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { STORE_MEMORY, STRANGERS_THREADS } from '../../limits.ts';
import { openingFailure, refuseName } from '../instance.ts';
import { onlyFilesSql } from '../lake/lake-views.ts';
import { FINDING_MACROS_SQL } from '../schema/finding-schema.ts';
import { PUBLIC_VIEW_NAMES, publicViewSql } from '../schema/public-views.ts';
import { spillFolder, storeFile } from '../store-file.ts';
import { refuseStatement } from '../untrusted/check-statement.ts';
import type { Refusal } from '../untrusted/refusal.ts';
import { quoted } from '../values.ts';
import { type QueryResult, query } from './query.ts';

/** A file that is attached, and the name of its catalog. */
export interface AttachedFile {
  readonly path: string;
  readonly name: string;
}

/** What is opened to be asked: a file with all tables of a store, and those that its views read from. */
export interface QueriedFiles {
  readonly path: string;
  readonly others: readonly AttachedFile[];
  /** Parquet that its views read where it lies. */
  readonly parquet: readonly string[];
}

/** Settings of DuckDB for those who run their own statements on their own machine. */
export function ownSettings(path: string): Record<string, string> {
  // Sorting what does not fit in memory needs a folder; DuckDB's own choice is the one we were called in.
  return { memory_limit: STORE_MEMORY, temp_directory: spillFolder(path) };
}

/**
 * For strangers. Once external access is off, DuckDB still lets a statement write to the folder for what does not fit in memory.
 * Strangers get no such folder.
 */
export function strangersSettings(memoryMib: number): Record<string, string> {
  return {
    memory_limit: `${memoryMib}MiB`,
    temp_directory: '',
    max_temp_directory_size: '0B',
    threads: String(STRANGERS_THREADS),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  };
}

/**
 * A store that strangers' SQL is put to. The public views stand in a catalog in memory, so that `show tables` lists these and
 * nothing else; the file is attached beside them, read-only, as `store`, where its own tables are. No statement can change it,
 * reach another file, or loosen a setting.
 */
export class QueriedStore {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #onClosed: () => void;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, onClosed: () => void) {
    this.#instance = instance;
    this.#connection = connection;
    this.#onClosed = onClosed;
  }

  /**
   * Opens files that were found to be whole. `onClosed` removes what was made for this alone, also when they cannot be opened.
   *
   * @throws StoreError when another process is writing to one of them.
   */
  static async open(
    { path, others, parquet }: QueriedFiles,
    settings: Record<string, string>,
    onClosed: () => void,
  ): Promise<QueriedStore> {
    const instance = await DuckDBInstance.create(':memory:', settings);
    const connection = await instance.connect();
    const opened = new QueriedStore(instance, connection, onClosed);
    try {
      for (const file of [...others, { path, name: 'store' }]) await attachReadOnly(connection, file);
      const views = PUBLIC_VIEW_NAMES.map((name) => `create view ${name} as ${publicViewSql(name, 'store.')};`);
      await connection.run(`${FINDING_MACROS_SQL} ${views.join(' ')}`);
      await connection.run(`set TimeZone = 'UTC'; ${onlyFilesSql(parquet)}`);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** @throws QueryError */
  query(sql: string, rowsMax?: number): Promise<QueryResult> {
    return query(this.#connection, sql, rowsMax);
  }

  /** Why a stranger's statement is not to be asked; null where everything in it is known. */
  refuseStatement(sql: string): Promise<Refusal | null> {
    return refuseStatement(this.#connection, sql);
  }

  /** Ends the statement that is running, unless it is within a function that does not look. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
    this.#onClosed();
  }
}

/** Attaches a store. @throws StoreError when another process has it open. */
export async function attachReadOnly(connection: DuckDBConnection, { path, name }: AttachedFile): Promise<void> {
  refuseName(path);
  try {
    await connection.run(`attach ${quoted(storeFile(path))} as ${name} (read_only)`);
  } catch (error) {
    throw openingFailure(path, error);
  }
}
