import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { STORE_MEMORY } from '../../limits.ts';
import { openingFailure, refuseName } from '../instance.ts';
import { onlyFilesSql } from '../lake/lake-views.ts';
import { FINDING_MACROS_SQL } from '../schema/finding-schema.ts';
import { PUBLIC_VIEW_NAMES, publicViewSql } from '../schema/public-views.ts';
import { spillFolder, storeFile } from '../store-file.ts';
import { quoted } from '../values.ts';
import { type QueryResult, query } from './query.ts';

/** A file that is attached, and the name of its catalog. */
export interface AttachedFile {
  readonly path: string;
  readonly name: string;
}

/** What the views of a file read from: other files, attached, and Parquet that is read where it lies. */
export interface ReadBeside {
  readonly attached: readonly AttachedFile[];
  readonly files: readonly string[];
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
   * Opens a file that was found to be whole, beside what its views read from. `onClosed` removes what was made for
   * this alone, also when it cannot be opened.
   *
   * @throws StoreError when another process is writing to one of them.
   */
  static async open(path: string, { attached, files }: ReadBeside, onClosed: () => void): Promise<QueriedStore> {
    // Sorting what does not fit in memory needs a folder; DuckDB's own choice is the one we were called in.
    const settings = { memory_limit: STORE_MEMORY, temp_directory: spillFolder(path) };
    const instance = await DuckDBInstance.create(':memory:', settings);
    const connection = await instance.connect();
    const opened = new QueriedStore(instance, connection, onClosed);
    try {
      for (const file of [...attached, { path, name: 'store' }]) await attachReadOnly(connection, file);
      const views = PUBLIC_VIEW_NAMES.map((name) => `create view ${name} as ${publicViewSql(name, 'store.')};`);
      await connection.run(`${FINDING_MACROS_SQL} ${views.join(' ')}`);
      await connection.run(`set TimeZone = 'UTC'; ${onlyFilesSql(files)}`);
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** @throws QueryError */
  query(sql: string): Promise<QueryResult> {
    return query(this.#connection, sql);
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
