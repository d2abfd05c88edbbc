import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FencedError } from '../fence.ts';
import type { BesideStore } from '../side-connections.ts';
import { StoreError } from '../store-error.ts';
import { type StagedFile, takePlaces, versionOfFile } from './lake-files.ts';
import {
  createManifest,
  type KeptManifest,
  makeLake,
  manifestsOf,
  partitionName,
  readLake,
  STAGING,
} from './lake-folder.ts';
import { emptyManifest, filesOf, type LakeTable, type Manifest } from './manifest.ts';
import { stageStep } from './stage-rows.ts';

/** Whose part of a lake is written. */
export interface LakeOwner {
  readonly partition: number;
  /** Rises with every claim of the partition; 0 for a store that nobody claims. */
  readonly epoch: bigint;
  /** Milliseconds since 1970; null where there is no clock. */
  readonly nowMs: () => number | null;
}

/** How long a version stays readable after the next one: as long as the longest query of a reader. */
export const VERSION_KEPT_MS = 15 * 60_000;
/** Where there is no clock. */
const VERSIONS_KEPT_MAX = 300;

/**
 * Writes the part of a lake that belongs to one store. Each version is added by a name that only one writer can make, after all
 * its files are on the disk: whatever is killed when, a lake is at one version or the next, and a writer that lost its partition
 * adds nothing any more.
 */
export class LakeWriter {
  readonly folder: string;
  readonly #owner: LakeOwner;
  #newest: KeptManifest;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, owner: LakeOwner, newest: KeptManifest) {
    this.folder = folder;
    this.#owner = owner;
    this.#newest = newest;
  }

  /**
   * Takes the partition over, which its former owner notices with its next version, and removes what was written and never named.
   *
   * @throws FencedError where a later epoch has it already. @throws StoreError where the folder is no lake, or not one of this program.
   */
  static async claim(path: string, owner: LakeOwner): Promise<LakeWriter> {
    const folder = resolve(path);
    await makeLake(folder);
    const { value: newest } = manifestsOf(folder, owner.partition).next();
    const before = newest?.manifest ?? emptyManifest(owner.partition);
    if (before.epoch > owner.epoch) throw fenced(folder, owner, before);
    const created = await createManifest(folder, {
      ...before,
      ...{
        version: before.version + 1,
        epoch: owner.epoch,
        previous: newest?.digest ?? '',
        writtenAtMs: timeOf(owner),
      },
    });
    if (created === false) throw fenced(folder, owner, null);
    await rm(join(folder, STAGING, partitionName(owner.partition)), { recursive: true, force: true });
    await removeUnnamed(folder, owner.partition);
    return new LakeWriter(folder, owner, created);
  }

  /** The newest version. */
  get manifest(): Manifest {
    return this.#newest.manifest;
  }

  /**
   * Writes what the lake does not have yet, at most as much as one step takes, from a connection beside the one that records.
   *
   * @returns whether it has all now.
   * @throws FencedError @throws StoreError as stageStep does.
   */
  write({ connection }: Pick<BesideStore, 'connection'>): Promise<boolean> {
    return this.#inRow(async () => {
      const before = this.manifest;
      const place = { folder: this.folder, partition: before.partition, version: before.version + 1 };
      // Only read: one moment of all tables.
      await connection.run('begin');
      const step = await stageStep(connection, before, place).finally(() => connection.run('rollback'));
      const { files, seals, isAll, ...end } = step;
      if (files.length === 0) return isAll;
      if (end.registry !== null) refuseOtherPost(this.folder, { ...before, registry: end.registry });
      const added = await takePlaces(this.folder, files);
      const tables: Record<string, LakeTable> = { ...before.tables };
      for (const [name, its] of added) {
        const seal = seals.get(name) ?? null;
        // A table that is written whole takes the place of what it was.
        tables[name] = { seal, files: seal === null ? [...(tables[name]?.files ?? []), ...its] : its };
      }
      await this.#add({ ...before, ...end, tables });
      return isAll;
    });
  }

  /** Puts files in the place of others of one table that hold the same rows. */
  replace(table: string, old: ReadonlySet<string>, staged: readonly StagedFile[]): Promise<void> {
    return this.#inRow(async () => {
      const before = this.manifest;
      const kept = (before.tables[table]?.files ?? []).filter(({ path }) => !old.has(path));
      const added = (await takePlaces(this.folder, staged)).get(table) ?? [];
      await this.#add({ ...before, tables: { ...before.tables, [table]: { seal: null, files: [...kept, ...added] } } });
    });
  }

  /** Removes versions that nobody reads any more, and files that only they name. */
  prune(): Promise<void> {
    return this.#inRow(async () => {
      const kept = [...manifestsOf(this.folder, this.#owner.partition)];
      const nowMs = this.#owner.nowMs();
      const named = new Set(filesOf(this.manifest).map(({ path }) => path));
      const expired: KeptManifest[] = [];
      for (const [index, { manifest }] of kept.entries()) {
        const next = kept[index - 1]?.manifest.writtenAtMs ?? null;
        const one = kept[index];
        if (one === undefined || index === 0) continue;
        const isExpired = nowMs === null || next === null ? index >= VERSIONS_KEPT_MAX : next + VERSION_KEPT_MS < nowMs;
        if (isExpired) expired.push(one);
        else for (const { path } of filesOf(manifest)) named.add(path);
      }
      for (const { manifest, path } of expired.toReversed()) {
        for (const file of filesOf(manifest)) {
          if (!named.has(file.path)) await rm(join(this.folder, file.path), { force: true });
        }
        await rm(path, { force: true });
      }
    });
  }

  /** One after another: each version is made of the one before. */
  #inRow<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #add(manifest: Manifest): Promise<void> {
    const version = this.manifest.version + 1;
    const previous = this.#newest.digest;
    const created = await createManifest(this.folder, {
      ...manifest,
      ...{ version, previous, writtenAtMs: timeOf(this.#owner) },
    });
    if (created === false) throw fenced(this.folder, this.#owner, null);
    this.#newest = created;
  }
}

function timeOf({ nowMs }: LakeOwner): number | null {
  const ms = nowMs();
  return ms === null ? null : Math.round(ms);
}

function fenced(folder: string, { partition, epoch }: LakeOwner, newer: Manifest | null): FencedError {
  const whose = newer === null ? 'another writer' : `epoch ${newer.epoch}`;
  return new FencedError(`${folder}: epoch ${epoch} has lost ${partitionName(partition)} of this lake to ${whose}`);
}

/** @throws StoreError where another partition knows another trust list under the same number. */
function refuseOtherPost(folder: string, own: Manifest): void {
  for (const { partition, registry } of readLake(folder)) {
    if (partition === own.partition || registry === null || own.registry === null) continue;
    if (registry.version === own.registry.version && registry.digest !== own.registry.digest) {
      throw new StoreError(
        `${folder}: ${partitionName(partition)} is of another post: it knows another registry as version ${registry.version}`,
      );
    }
  }
}

/**
 * Files of this partition that a writer had put in their places when it was killed, or after it had lost the partition. What this
 * program would not call so is left alone.
 */
async function removeUnnamed(folder: string, partition: number): Promise<void> {
  const owner = partitionName(partition);
  const named = new Set<string>();
  for (const { manifest } of manifestsOf(folder, partition)) {
    for (const { path } of filesOf(manifest)) named.add(join(folder, path));
  }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.parentPath.endsWith(`/${owner}`)) continue;
    const path = join(entry.parentPath, entry.name);
    if (versionOfFile(entry.name) !== null && !named.has(path)) await rm(path);
  }
}
