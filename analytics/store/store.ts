import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type RegistryRecords, rowsOf } from '../../indicium/index.ts';
import type { NamedScan } from '../recorder/scan-key.ts';
import type { StoredAnswer } from '../recorder/used-key.ts';
import { EvidenceAppender, type StoredBatch } from './append.ts';
import type { Anchor } from './audit/anchor.ts';
import { type Author, type StorePorts, UNNAMED } from './audit/author.ts';
import { emptyLink, type Link, linkOfColumns } from './audit/chain.ts';
import { endOf, LinkAppender } from './audit/chain-table.ts';
import type { LedgerEvent } from './audit/ledger.ts';
import { sealAll } from './audit/sealing.ts';
import { REGISTRY_SEALS, type Seals, sealsOf } from './audit/seals.ts';
import { Commits, type Noted } from './commits.ts';
import { refuseNoFile } from './instance.ts';
import { type OpenedStore, openStore } from './opening.ts';
import { readRecordedAnswers, readUsedKeys, type ScanKey } from './recorded-scans.ts';
import { EVIDENCE_COLUMNS, type EvidenceColumns } from './schema/columns.ts';
import { SCHEMA_VERSION } from './schema/schema.ts';
import { takeInRegistry } from './schema/take-in-registry.ts';
import { SideConnections } from './side-connections.ts';
import { SourcePositions } from './source-positions.ts';
import { StoreError } from './store-error.ts';
import { asInteger, asText } from './values.ts';

export interface StoreOptions extends StorePorts {
  readonly mustExist?: boolean;
}

/** Evidence of one source, and how far the source was read with it. */
export interface EvidenceBatch extends Omit<EvidenceColumns, 'firstRow'> {
  /** Null for sources that cannot seek. */
  readonly position: string | null;
}

/** A scan that is in the store already: what was sent, and what was answered. */
type RecordedScan = NamedScan & StoredAnswer;

/** The evidence in one DuckDB file, open for writing. One process owns the file; within it there is one writer. */
export class Store {
  readonly connection: DuckDBConnection;
  readonly sideConnections: SideConnections;
  readonly #instance: DuckDBInstance;
  readonly #anchor: Anchor;
  readonly #commits: Commits;
  readonly #evidence: EvidenceAppender;
  readonly #links: LinkAppender;
  readonly #positions: SourcePositions;
  /** Version and digest of the list that the tables were compared with since the store was opened. */
  #comparedList: string | null = null;
  #isClosed = false;

  private constructor({ instance, connection, anchor, end, positions }: OpenedStore, author: Author) {
    this.#instance = instance;
    this.connection = connection;
    this.#anchor = anchor;
    this.#commits = new Commits(anchor, author, end);
    this.sideConnections = new SideConnections(instance, this.#commits);
    this.#evidence = new EvidenceAppender(connection);
    this.#links = new LinkAppender(connection);
    this.#positions = new SourcePositions(connection, positions);
  }

  /** @throws StoreError when another process has the file open, when it is not a store, or is not whole. */
  static async open(path: string, { mustExist = false, ...ports }: StoreOptions = {}): Promise<Store> {
    if (mustExist) refuseNoFile(path);
    await mkdir(dirname(resolve(path)), { recursive: true });
    return new Store(await openStore(path, ports), ports.author ?? UNNAMED);
  }

  /** May be called again: code that reopens a store after a failure does not know how far it got. */
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
    return this.#commits.end.chain.rows;
  }

  /** Commits that changed anything: the number of the last one. */
  get commitNumber(): bigint {
    return this.#commits.end.commitNumber;
  }

  /** Digests of the sealed tables, as of the last commit. */
  get seals(): Seals {
    return this.#commits.end.seals;
  }

  async positionOf(source: string): Promise<string | null> {
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
    // Of several batches of a source the last one tells how far it was read.
    const moves = new Map(
      batches.flatMap(({ source, position }) => (position === null ? [] : [[source, position] as const])),
    );
    const filled = batches.filter(({ readings }) => rowsOf(readings) > 0);
    // Scans that all came again are in the file already, and so is what the anchor says.
    if (filled.length === 0 && moves.size === 0) return;
    const digest = this.#positions.digestAfter(moves);
    await this.#commits.alone(this.connection, async (end) => {
      const commitNumber = end.commitNumber + 1n;
      const place = { version: SCHEMA_VERSION, commitNumber, positions: digest.bytes() };
      const stored: StoredBatch[] = [];
      const links: Link[] = [];
      let chain = end.chain;
      for (const { position: _, ...batch } of filled) {
        const firstRow = chain.rows + 1n;
        const rows = rowsOf(batch.readings);
        const columns = EVIDENCE_COLUMNS.map((column) => column.of({ ...batch, firstRow }));
        const link = linkOfColumns(firstRow, rows, columns, chain.head, place);
        stored.push({ rows, columns });
        links.push(link);
        chain = endOf(link);
      }
      if (links.length === 0) {
        const link = emptyLink(chain.rows + 1n, chain.head, place);
        links.push(link);
        chain = endOf(link);
      }
      if (stored.length > 0) await this.#evidence.append(stored);
      await this.#links.append(links);
      for (const [source, position] of moves) await this.#positions.set(source, position);
      return { ...end, commitNumber, chain };
    });
    this.#positions.moved(moves, digest);
  }

  /** Evidence that comes with its rows from elsewhere, and what else `work` brings; `sealed` names the tables that it changes. */
  async fill(event: LedgerEvent, sealed: readonly string[], work: () => Promise<object>): Promise<void> {
    await this.#commits.alone(this.connection, async (end) => {
      const detail = await work();
      const chain = await sealAll(this.connection, end, this.#positions.digestAfter(new Map()).bytes());
      const seals = await sealsOf(this.connection, sealed);
      return this.#commits.note(this.connection, { ...end, chain }, { event, detail, seals });
    });
  }

  /**
   * @throws StoreError for a registry older than the one that scans in this store were judged by, or of another post; or where the
   * store says something else of the same list than the list does.
   */
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
    // A process that watches the list sets it again and again; comparing 60,000 rows takes 0.2 s.
    const list = `${registry.version} ${registry.digest}`;
    if (this.#comparedList === list) return;
    await this.transaction(async () => {
      const isTaken = await takeInRegistry(this.connection, registry);
      if (!isTaken) return null;
      const { version, digest, issuedAtMs } = registry;
      const seals = await sealsOf(this.connection, REGISTRY_SEALS);
      return { event: 'registry-taken', detail: { version, digest, issuedAtMs }, seals };
    });
    this.#comparedList = list;
  }

  /** What it changed is noted in the ledger; null where it changed nothing. */
  transaction(work: () => Promise<Noted | null>): Promise<void> {
    return this.#commits.noted(this.connection, work);
  }
}
