import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { FencedError } from '../fence.ts';
import type { BesideStore } from '../side-connections.ts';
import { StoreError } from '../store-error.ts';
import { type StagedFile, stagingOf, takePlaces, versionOfFile } from './lake-files.ts';
import {
  createManifest,
  type KeptManifest,
  makeLake,
  manifestsOf,
  newestVersion,
  partitionName,
  refuseForeign,
  STAGING,
} from './lake-folder.ts';
import { emptyManifest, type LakeTable, type Manifest } from './manifest.ts';
import { OldVersions } from './old-versions.ts';
import { refuseOtherPost } from './other-posts.ts';
import { refuseOtherStore, STEP_ROWS_MAX, stageStep } from './stage-rows.ts';

/** Whose part of a lake is written. */
export interface LakeOwner {
  readonly partition: number;
  /** Rises with every claim of the partition; 0 for a store that nobody claims. */
  readonly epoch: bigint;
  /** Milliseconds since 1970; null where there is no clock. */
  readonly nowMs: () => number | null;
  /** @throws FencedError when a newer owner has claimed the store. */
  readonly check?: () => void;
}

/**
 * Writes the part of a lake that belongs to one store. Each version is added by a name that only one writer can make, after all
 * its files are on the disk: whatever is killed when, a lake is at one version or the next, and a writer that lost its partition
 * adds nothing any more.
 */
export class LakeWriter {
  readonly folder: string;
  readonly #owner: LakeOwner;
  readonly #old: OldVersions;
  #newest: KeptManifest;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, owner: LakeOwner, newest: KeptManifest, old: OldVersions) {
    this.folder = folder;
    this.#owner = owner;
    this.#newest = newest;
    this.#old = old;
  }

  /**
   * Takes the partition over, which its former owner notices with its next version, and removes what was written and never named. Where
   * `store` is given, only a part that is of this store is taken.
   *
   * @throws FencedError where a later epoch has it already. @throws StoreError where the folder is no lake, or not one of this program.
   */
  static async claim(path: string, owner: LakeOwner, store: DuckDBConnection | null = null): Promise<LakeWriter> {
    const folder = resolve(path);
    await makeLake(folder);
    const { value: newest } = manifestsOf(folder, owner.partition).next();
    const before = newest?.manifest ?? emptyManifest(owner.partition);
    if (before.epoch > owner.epoch) throw lost(folder, owner, before.epoch);
    if (store !== null) await refuseOtherStore(store, folder, before);
    owner.check?.();
    const created = await createManifest(folder, {
      ...before,
      ...{
        version: before.version + 1,
        epoch: owner.epoch,
        previous: newest?.digest ?? '',
        writtenAtMs: timeOf(owner),
      },
    });
    if (created === false) throw conflict(folder, owner);
    const old = new OldVersions(folder);
    const named = await old.read(owner.partition);
    await rm(join(folder, STAGING, partitionName(owner.partition)), { recursive: true, force: true });
    await removeUnnamed(folder, created.manifest, named);
    return new LakeWriter(folder, owner, created, old);
  }

  /** Whether its newest version is that of the lake: after a failure it may be another one, or none. */
  get isCurrent(): boolean {
    return newestVersion(this.folder, this.#owner.partition) === this.manifest.version;
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
  write({ connection }: Pick<BesideStore, 'connection'>, stepRowsMax = STEP_ROWS_MAX): Promise<boolean> {
    return this.#inRow(async () => {
      const before = this.manifest;
      const version = before.version + 1;
      const place = { folder: this.folder, partition: before.partition, version, purpose: 'step' } as const;
      // Somebody may have removed it.
      refuseForeign(this.folder);
      let staged: readonly StagedFile[] = [];
      try {
        // Only read: one moment of all tables.
        await connection.run('begin');
        const step = await stageStep(connection, before, place, stepRowsMax).finally(() => connection.run('rollback'));
        const { files, seals, isAll, ...end } = step;
        staged = files;
        if (files.length === 0) return isAll;
        refuseOtherPost(this.folder, before, end.registry);
        const added = await takePlaces(this.folder, files);
        const tables: Record<string, LakeTable> = { ...before.tables };
        for (const [name, its] of added) {
          const seal = seals.get(name) ?? null;
          // A table that is written whole takes the place of what it was.
          tables[name] = { seal, files: seal === null ? [...(tables[name]?.files ?? []), ...its] : its };
        }
        await this.#add({ ...before, ...end, tables });
        return isAll;
      } catch (error) {
        await this.#giveBack('step', staged);
        throw error;
      }
    });
  }

  /** Puts files in the place of others of one table that hold the same rows. */
  replace(table: string, old: ReadonlySet<string>, staged: readonly StagedFile[]): Promise<void> {
    return this.#inRow(async () => {
      const before = this.manifest;
      const kept = (before.tables[table]?.files ?? []).filter(({ path }) => !old.has(path));
      try {
        const added = (await takePlaces(this.folder, staged)).get(table) ?? [];
        const files = [...kept, ...added];
        await this.#add({ ...before, tables: { ...before.tables, [table]: { seal: null, files } } });
      } catch (error) {
        await this.#giveBack('merge', staged);
        throw error;
      }
    });
  }

  /** Removes versions that nobody reads any more, and files that only they name. @throws FencedError @throws StoreError */
  prune(): Promise<void> {
    return this.#inRow(async () => {
      // Of a lake that was removed nothing is left, and one that is another's is not ours to remove from.
      if (!this.isCurrent) throw conflict(this.folder, this.#owner);
      await this.#old.prune(this.#owner.nowMs());
    });
  }

  /** What a version was to be made of that was not added: the room may be that of the store. */
  async #giveBack(purpose: 'step' | 'merge', staged: readonly StagedFile[]): Promise<void> {
    await rm(stagingOf(this.folder, this.#owner.partition, purpose), { recursive: true, force: true });
    // A version may have been added although its adding failed.
    if (!this.isCurrent) return;
    for (const { to } of staged) await rm(join(this.folder, to), { force: true });
  }

  /** One after another: each version is made of the one before. */
  #inRow<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #add(manifest: Manifest): Promise<void> {
    const before = this.#newest;
    const version = before.manifest.version + 1;
    this.#owner.check?.();
    const next = { ...manifest, version, previous: before.digest, writtenAtMs: timeOf(this.#owner) };
    const created = await createManifest(this.folder, next);
    if (created === false) throw conflict(this.folder, this.#owner);
    this.#newest = created;
    this.#old.add(before, created.manifest);
  }
}

function timeOf({ nowMs }: LakeOwner): number | null {
  const ms = nowMs();
  return ms === null ? null : Math.round(ms);
}

function lost(folder: string, { partition, epoch }: LakeOwner, newer: bigint): FencedError {
  return new FencedError(
    `${folder}: epoch ${epoch} has lost ${partitionName(partition)} of this lake to epoch ${newer}`,
  );
}

/** Somebody added a version: who has a later epoch keeps the partition, and of one epoch it is to be found out whose store it is of. */
function conflict(folder: string, owner: LakeOwner): FencedError | StoreError {
  const { value: newest } = manifestsOf(folder, owner.partition).next();
  const epoch = newest?.manifest.epoch ?? owner.epoch;
  if (epoch > owner.epoch) return lost(folder, owner, epoch);
  return new StoreError(`${folder}: another writer has added a version to ${partitionName(owner.partition)}`);
}

/**
 * Files of this partition that a writer had put in their places when it was killed, or after it had lost the partition. Those of a later
 * owner have higher numbers, and what this program would not call so is left alone.
 */
async function removeUnnamed(
  folder: string,
  { partition, version }: Manifest,
  named: ReadonlySet<string>,
): Promise<void> {
  const owner = partitionName(partition);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.parentPath.endsWith(`/${owner}`)) continue;
    const path = join(entry.parentPath, entry.name);
    const first = versionOfFile(entry.name);
    if (first !== null && first <= version && !named.has(path.slice(folder.length + 1))) await rm(path);
  }
}
