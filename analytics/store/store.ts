import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type DuckDBConnection, type DuckDBInstance, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { type Scan, SORTING_PASSES } from '../../indicium/index.ts';
import type { Evidence } from '../evidence.ts';
import type { SightedPiece } from '../judge.ts';
import { appendEvidence } from './append.ts';
import { openForWriting, refuseMissing, StoreError } from './instance.ts';
import type { RegistryRecords } from './registry-records.ts';
import { replaceRegistryTables } from './registry-tables.ts';
import { asBigint, asInteger, asText, asTextOrNull } from './values.ts';

/** The evidence in one DuckDB file, open for writing. One process owns the file; within it there is one writer. */
export class Store {
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  #rows: bigint;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, rows: bigint) {
    this.#instance = instance;
    this.connection = connection;
    this.#rows = rows;
  }

  /** @throws StoreError when another process has the file open, or when it is no store. */
  static async open(path: string, { mustExist = false } = {}): Promise<Store> {
    if (mustExist) refuseMissing(path);
    await mkdir(dirname(resolve(path)), { recursive: true });
    const instance = await openForWriting(path);
    const connection = await instance.connect();
    const last = await connection.runAndReadAll('select coalesce(max(row_id), 0) from evidence');
    return new Store(instance, connection, asBigint(last.getRows()[0]?.[0]));
  }

  close(): void {
    this.connection.closeSync();
    this.#instance.closeSync();
  }

  async positionOf(source: string): Promise<string | null> {
    const result = await this.connection.runAndReadAll('select position from source_position where source = $1', [
      source,
    ]);
    return asTextOrNull(result.getRows()[0]?.[0] ?? null);
  }

  /** The digests under which each of these scan ids is recorded already: more than one where an id was reused. */
  async digestsOf(scans: readonly Scan[]): Promise<ReadonlyMap<string, ReadonlySet<bigint>>> {
    const digests = new Map<string, Set<bigint>>();
    if (this.#rows === 0n) return digests;
    const result = await this.connection.runAndReadAll(
      'select scan_id, scan_digest from evidence semi join (select unnest($1) as scan_id) using (scan_id)',
      [listValue(scans.map((scan) => scan.scanId))],
      [LIST(VARCHAR)],
    );
    for (const [scanId, digest] of result.getRows()) {
      const known = digests.get(asText(scanId)) ?? new Set();
      digests.set(asText(scanId), known.add(asBigint(digest)));
    }
    return digests;
  }

  /** Writes evidence and source position in one transaction: after a crash both are there, or neither. */
  async record(evidence: readonly Evidence[], source: string, position: string | null): Promise<void> {
    await this.transaction(async () => {
      await appendEvidence(this.connection, evidence, this.#rows + 1n, source);
      if (position === null) return;
      await this.connection.run('delete from source_position where source = $1', [source]);
      await this.connection.run('insert into source_position values ($1, $2)', [source, position]);
    });
    this.#rows += BigInt(evidence.length);
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

  /** Every genuine mark in the order it was recorded: the sightings are rebuilt from them. */
  async *sightedPieces(): AsyncGenerator<SightedPiece> {
    const result = await this.connection.stream(
      `select license, psd, piece_count, content_digest, mailpiece_id, plant, pass
       from pieces where genuine order by row_id`,
    );
    for await (const rows of result.yieldRows()) {
      for (const [license, psd, pieceCount, content, mailpieceId, plant, pass] of rows) {
        const passName = asTextOrNull(pass);
        yield {
          license: asInteger(license),
          psd: asText(psd),
          pieceCount: asBigint(pieceCount),
          content: asBigint(content),
          mailpieceId: asTextOrNull(mailpieceId),
          plant: asTextOrNull(plant),
          pass: SORTING_PASSES.find((known) => known === passName) ?? null,
        };
      }
    }
  }

  async transaction(work: () => Promise<void>): Promise<void> {
    await this.connection.run('begin');
    try {
      await work();
    } catch (error) {
      await this.connection.run('rollback');
      throw error;
    }
    await this.connection.run('commit');
  }
}
