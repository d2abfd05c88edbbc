import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type KeptManifest, manifestsOf } from './lake-folder.ts';
import { filesOf, type Manifest } from './manifest.ts';

/** How long a version stays readable after the next one: as long as the longest query of a reader. */
export const VERSION_KEPT_MS = 15 * 60_000;
/** Where there is no clock. */
const VERSIONS_KEPT_MAX = 300;

/** A version that is not the newest any more. */
interface OldVersion {
  readonly path: string;
  /** Files that it names and the next one does not: no later one does. */
  readonly dropped: readonly string[];
  /** Null where nobody knows when the next one was written. */
  readonly nextAtMs: number | null;
}

/** Versions of one writer that readers may still have open, the oldest first. */
export class OldVersions {
  readonly #folder: string;
  readonly #old: OldVersion[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads what is there, one after another, so that a thread that judges is never held up for long.
   *
   * @returns all files that a version names.
   */
  async read(partition: number): Promise<ReadonlySet<string>> {
    const named = new Set<string>();
    let next: Manifest | null = null;
    for (const kept of manifestsOf(this.#folder, partition)) {
      for (const { path } of filesOf(kept.manifest)) named.add(path);
      if (next !== null) this.#old.unshift(oldVersion(kept, next));
      next = kept.manifest;
      await setImmediate();
    }
    return named;
  }

  /** A version was added after this one. */
  add(kept: KeptManifest, next: Manifest): void {
    this.#old.push(oldVersion(kept, next));
  }

  /** Removes versions whose time is over, and the files that only they name. */
  async prune(nowMs: number | null): Promise<void> {
    for (let [first] = this.#old; first !== undefined && this.#isOver(first, nowMs); [first] = this.#old) {
      // A file without a version is in nobody's way, and a version without its files would be told to be broken.
      await rm(first.path, { force: true });
      for (const path of first.dropped) await rm(join(this.#folder, path), { force: true });
      this.#old.shift();
    }
  }

  #isOver({ nextAtMs }: OldVersion, nowMs: number | null): boolean {
    if (nextAtMs === null || nowMs === null) return this.#old.length > VERSIONS_KEPT_MAX;
    return nextAtMs + VERSION_KEPT_MS < nowMs;
  }
}

function oldVersion({ path, manifest }: KeptManifest, next: Manifest): OldVersion {
  const kept = new Set(filesOf(next).map((file) => file.path));
  const dropped = filesOf(manifest).flatMap((file) => (kept.has(file.path) ? [] : [file.path]));
  return { path, dropped, nextAtMs: next.writtenAtMs };
}
