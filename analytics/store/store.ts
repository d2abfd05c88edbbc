import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { rowsOf } from '../../indicium/index.ts';
import { type Evidence, evidenceColumns } from '../evidence.ts';
import type { NamedScan } from '../scan-key.ts';
import type { StoredAnswer } from '../used-key.ts';
import { Anchor } from './anchor.ts';
import { EvidenceAppender, type StoredBatch } from './append.ts';
import { Beside, inTransaction } from './beside.ts';
import { type Link, linkOfColumns } from './chain.ts';
import { type ChainEnd, LinkAppender } from './chain-table.ts';
import { EVIDENCE_COLUMNS, type EvidenceColumns } from './columns.ts';
import { openForWriting, refuseMissing, StoreError } from './instance.ts';
import { readRecordedAnswers, readUsedKeys, type ScanKey } from './recorded-scans.ts';
import type { RegistryRecords } from './registry-records.ts';
import { replaceRegistryTables } from './registry-tables.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { SourcePositions } from './source-positions.ts';
import { asInteger, asText } from './values.ts';
import { wholeEnd } from './whole.ts';

/** Evidence of one source, and how far the source was read with it. */
export interface EvidenceBatch extends Omit<EvidenceColumns, 'firstRow'> {
  /** Null for sources that cannot seek. */
  readonly position: string | null;
}

/** A scan that is in the store already: what was sent, and what was answered. */
export type RecordedScan = NamedScan & StoredAnswer;

/** The evidence in one DuckDB file, open for writing. One process owns the file; within it there is one writer. */
export class Store {
  readonly connection: DuckDBConnection;
  readonly beside: Beside;
  readonly #instance: DuckDBInstance;
  readonly #anchor: Anchor;
  readonly #evidence: EvidenceAppender;
  readonly #links: LinkAppender;
  readonly #positions: SourcePositions;
  #end: ChainEnd;
  #isClosed = false;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, anchor: Anchor, end: ChainEnd) {
    this.#instance = instance;
    this.connection = connection;
    this.beside = new Beside(instance);
    this.#anchor = anchor;
    this.#evidence = new EvidenceAppender(connection);
    this.#links = new LinkAppender(connection);
    this.#positions = new SourcePositions(connection);
    this.#end = end;
  }

  /** @throws StoreError when another process has the file open, when it is no store, or is not whole. */
  static async open(path: string, { mustExist = false } = {}): Promise<Store> {
    if (mustExist) refuseMissing(path);
    await mkdir(dirname(resolve(path)), { recursive: true });
    const instance = await openForWriting(path);
    const connection = await instance.connect();
    let anchor: Anchor | undefined;
    try {
      const end = await wholeEnd(path, connection);
      anchor = Anchor.open(path);
      anchor.write(end);
      return new Store(instance, connection, anchor, end);
    } catch (error) {
      anchor?.close();
      connection.closeSync();
      instance.closeSync();
      throw error;
    }
  }

  /** May be called again: whoever reopens a store after a failure does not know how far it got. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#anchor.close();
    this.#evidence.close();
    this.#links.close();
    this.#positions.close();
    this.connection.closeSync();
    this.#instance.closeSync();
  }

  /** Rows ever recorded: the number of the last one. */
  get rows(): bigint {
    return this.#end.rows;
  }

  positionOf(source: string): Promise<string | null> {
    return this.#positions.of(source);
  }

  /** What was answered to those of these scans that are recorded. */
  recordedAnswers(scans: readonly NamedScan[]): Promise<readonly RecordedScan[]> {
    return readRecordedAnswers(this.connection, scans);
  }

  /** Those of these keys under which any scan is recorded, each once. */
  usedKeys(keys: readonly ScanKey[]): Promise<readonly ScanKey[]> {
    return readUsedKeys(this.connection, keys);
  }

  /**
   * Writes evidence, its links and source positions in one transaction: after a crash all of it is there, or nothing.
   *
   * @throws CommitUnknownError when it may have been written.
   */
  async write(batches: readonly EvidenceBatch[]): Promise<void> {
    let end = this.#end;
    const stored: StoredBatch[] = [];
    const links: Link[] = [];
    for (const { position: _, ...batch } of batches) {
      const evidence = { ...batch, firstRow: end.rows + 1n };
      const rows = rowsOf(evidence.readings);
      if (rows === 0) continue;
      const columns = EVIDENCE_COLUMNS.map((column) => column.of(evidence));
      const link = linkOfColumns(evidence.firstRow, rows, columns, end.head, SCHEMA_VERSION);
      stored.push({ rows, columns });
      links.push(link);
      end = { rows: end.rows + BigInt(rows), head: link.head };
    }
    // Of several batches of a source the last one tells how far it was read.
    const positions = new Map(
      batches.flatMap(({ source, position }) => (position === null ? [] : [[source, position] as const])),
    );
    // Scans that all came again are in the file already, and so is what the anchor says.
    if (stored.length === 0 && positions.size === 0) return;
    await this.transaction(async () => {
      if (stored.length > 0) {
        await this.#evidence.append(stored);
        await this.#links.append(links);
      }
      for (const [source, position] of positions) await this.#positions.set(source, position);
    });
    this.#anchor.write(end);
    this.#end = end;
  }

  /** Writes evidence that was gathered piece by piece. */
  async record(evidence: readonly Evidence[], source: string, position: string | null): Promise<void> {
    await this.write([{ ...evidenceColumns(evidence), source, position, policyVersion: 1 }]);
  }

  /** @throws StoreError for a registry older than the one that scans in this store were judged by, or of another post. */
  async setRegistry(registry: RegistryRecords): Promise<void> {
    const result = await this.connection.runAndReadAll('select version, digest from registry_version');
    const [known] = result.getRows();
    if (known !== undefined) {
      const version = asInteger(known[0]);
      if (registry.version < version) {
        throw new StoreError(`registry version ${registry.version} is older than version ${version}, used here before`);
      }
      if (registry.version === version && registry.digest !== asText(known[1])) {
        throw new StoreError(`another registry was used here as version ${version}: this store is of another post`);
      }
    }
    await this.transaction(() => replaceRegistryTables(this.connection, registry));
  }

  transaction(work: () => Promise<void>): Promise<void> {
    return inTransaction(this.connection, work);
  }
}
