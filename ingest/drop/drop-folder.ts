import { access, constants, mkdir, readdir, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from '../../scans/index.ts';
import {
  extensionOf,
  isImageName,
  isSidecarName,
  keptStem,
  pathOf,
  type RawName,
  SIDECAR_EXTENSION,
  stemOf,
} from './file-names.ts';
import { existing, folderWithin } from './folder-within.ts';
import { exists, moved } from './moves.ts';

/** An image with its sidecar, or one of them, that nobody but the program touches any more. */
export interface TakenItem {
  /** Where its files lie now. */
  readonly folder: string;
  /** UTC, as 2026-11-22. */
  readonly day: string;
  /** Under which the files will lie in done/ or failed/; differs from that of the files where it was in use. */
  readonly stem: string;
  readonly image: string | null;
  readonly sidecar: string | null;
}

export type Outcome = 'done' | 'failed';
const OUTCOMES: readonly Outcome[] = ['done', 'failed'];

const REASON_FILE = '!reason.json';
const REASON_EXTENSION = '.reason.json';

/**
 * The folder on disk. What is offered lies in it; what was taken lies in taken/open/DAY/STEM/, and whose verdict is
 * durable in taken/done/DAY/STEM/ or taken/failed/DAY/STEM/ until its files have been moved out to done/DAY/ or failed/DAY/.
 * Each step is one rename, so that a kill between any two leaves something that `recover` can go on from:
 *
 * - sidecar first, then image, into taken/open: a sidecar alone goes back, since its image was not taken;
 * - the folder of an item is renamed, which says at once that it is durable and where it belongs;
 * - then file by file, in any order, is moved out: anything left there is moved out by the next start.
 */
export class DropFolder {
  readonly path: string;

  readonly #onLeft: (sentence: string) => void;

  private constructor(path: string, onLeft: (sentence: string) => void) {
    this.path = path;
    this.#onLeft = onLeft;
  }

  /**
   * `onLeft` is told of files that stay in taken/, since the folder that they belong to leads out of this one.
   *
   * @throws SourceError when it is not there, cannot be written, or a folder of it is a link that leads out of it.
   */
  static async open(path: string, onLeft: (sentence: string) => void = () => {}): Promise<DropFolder> {
    const found = await stat(path).catch(() => null);
    if (found === null) throw new SourceError(`${path}: no such folder to watch`);
    if (!found.isDirectory()) throw new SourceError(`${path}: not a folder, so nothing can be dropped into it`);
    try {
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
      const root = await realpath(path);
      for (const name of ['taken/open', 'taken/done', 'taken/failed', 'done', 'failed']) {
        const folder = await folderWithin(root, name);
        if (folder === null) throw new SourceError(leadsOut(join(path, name)));
        await access(folder, constants.W_OK);
      }
      return new DropFolder(root, onLeft);
    } catch (error) {
      if (error instanceof SourceError) throw error;
      throw new SourceError(`${path}: files cannot be moved in it: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }

  /** Finishes what an earlier run was about when it ended, and gives what it had taken. */
  async recover(): Promise<TakenItem[]> {
    for (const outcome of OUTCOMES) {
      for (const { folder, day, stem } of await this.#itemsIn(outcome)) await this.#moveOut(folder, outcome, day, stem);
    }
    const items: TakenItem[] = [];
    for (const { folder, day, stem } of await this.#itemsIn('open')) {
      const item = await itemAt(folder, day, stem);
      if (item.image !== null) items.push(item);
      else await this.#giveBack(item);
    }
    return items;
  }

  /** Null when the file is gone. `day` is when it is taken. */
  async take(image: RawName | null, sidecar: RawName | null, day: string): Promise<TakenItem | null> {
    const raw = image ?? sidecar ?? '';
    const kept = keptStem(stemOf(raw));
    const { stem, folder } = await this.#reserve(kept, extensionOf(raw), day);
    const item: TakenItem = {
      folder,
      day,
      stem,
      image: image === null ? null : kept + extensionOf(image),
      sidecar: sidecar === null ? null : kept + SIDECAR_EXTENSION,
    };
    const hasSidecar =
      item.sidecar !== null &&
      sidecar !== null &&
      (await moved(pathOf(this.path, sidecar), join(folder, item.sidecar)));
    const found = { ...item, sidecar: hasSidecar ? item.sidecar : null };
    if (image === null && hasSidecar) return found;
    const hasImage =
      image !== null && item.image !== null && (await moved(pathOf(this.path, image), join(folder, item.image)));
    if (hasImage) return found;
    await this.#giveBack({ ...found, image: null });
    return null;
  }

  /** A folder that no other item has, named by the stem that its files will have. */
  async #reserve(kept: string, extension: string, day: string): Promise<{ stem: string; folder: string }> {
    const open = await this.#folderIn('taken/open', day);
    for (;;) {
      const stem = await this.#freeStem(kept, extension, day);
      const folder = join(open, stem);
      // Another file of this name may be taken at the same moment.
      const made = await mkdir(folder).catch(existing);
      if (made !== null) return { stem, folder };
    }
  }

  /** Where the image of an item will lie when it is done. */
  imagePathOf({ day, stem, image }: TakenItem): string {
    return join(this.path, 'done', day, stem + extensionOf(image ?? ''));
  }

  /** To be called when the verdict is durable. `reason` says what was wrong with what failed. */
  async finish({ folder, day, stem }: TakenItem, outcome: Outcome, reason?: object): Promise<void> {
    if (reason !== undefined) await writeFile(join(folder, REASON_FILE), `${JSON.stringify(reason, null, 2)}\n`);
    const leaving = await this.#folderIn(`taken/${outcome}`, day);
    await rename(folder, join(leaving, stem));
    await this.#moveOut(join(leaving, stem), outcome, day, stem);
  }

  /** @throws SourceError: without it nothing can be taken. */
  async #folderIn(state: string, day: string): Promise<string> {
    const folder = await folderWithin(this.path, state, day);
    if (folder === null) throw new SourceError(leadsOut(join(this.path, state, day)));
    return folder;
  }

  async #moveOut(folder: string, outcome: Outcome, day: string, stem: string): Promise<void> {
    const to = await folderWithin(this.path, outcome, day);
    if (to === null)
      return this.#onLeft(`${leadsOut(join(this.path, outcome, day))}; ${stem} stays in taken/${outcome}`);
    for (const name of await readdir(folder)) {
      const extension = name === REASON_FILE ? REASON_EXTENSION : extensionOf(name);
      const isFree = !(await exists(join(to, stem + extension)));
      // The stem was free when the item was taken; a file that took it meanwhile must not be lost.
      const target = isFree ? stem : await this.#freeStem(`${stem}~`, extension, day);
      await rename(join(folder, name), join(to, target + extension));
    }
    await rmdir(folder);
  }

  /** A sidecar goes back to where it came from, unless another has taken its place: that one is the newer. */
  async #giveBack(item: TakenItem): Promise<void> {
    const { sidecar, folder } = item;
    if (sidecar === null) {
      const isEmpty = (await readdir(folder)).length === 0;
      return isEmpty ? rmdir(folder) : this.finish(item, 'failed', { problem: 'its image was taken away' });
    }
    const offered = join(this.path, sidecar);
    if (await exists(offered)) return this.finish(item, 'failed', { file: sidecar, problem: 'it was replaced' });
    // What was wrong with it is found again.
    await rm(join(folder, REASON_FILE), { force: true });
    await rename(join(folder, sidecar), offered);
    await rmdir(folder);
  }

  /** The stem, or one with a number behind it: nothing of that name is, or will be, in done/ or failed/ of the day. */
  async #freeStem(stem: string, extension: string, day: string): Promise<string> {
    // Twice as far each time, and then back to the first that is free: names may be used again all day.
    let used = 0;
    let free = 1;
    const named = (number: number) => (number === 1 ? stem : `${stem}~${number}`);
    while (await this.#isUsed(named(free), extension, day)) {
      used = free;
      free *= 2;
    }
    while (free - used > 1) {
      const middle = Math.floor((used + free) / 2);
      if (await this.#isUsed(named(middle), extension, day)) used = middle;
      else free = middle;
    }
    return named(free);
  }

  async #isUsed(stem: string, extension: string, day: string): Promise<boolean> {
    const extensions = new Set([extension, SIDECAR_EXTENSION, REASON_EXTENSION]);
    const open = [join(this.path, 'taken/open', day, stem)];
    const leaving = OUTCOMES.map((outcome) => join(this.path, 'taken', outcome, day, stem));
    const left = OUTCOMES.flatMap((outcome) => [...extensions].map((end) => join(this.path, outcome, day, stem + end)));
    // In the order in which files move on, one after another: what moves between two looks is seen by the second.
    for (const paths of [open, leaving, left]) {
      if ((await Promise.all(paths.map(exists))).includes(true)) return true;
    }
    return false;
  }

  async #itemsIn(state: 'open' | Outcome): Promise<{ folder: string; day: string; stem: string }[]> {
    const root = join(this.path, 'taken', state);
    const items = [];
    for (const day of await foldersIn(root)) {
      const stems = await foldersIn(join(root, day));
      for (const stem of stems) items.push({ folder: join(root, day, stem), day, stem });
    }
    return items;
  }
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
}

async function itemAt(folder: string, day: string, stem: string): Promise<TakenItem> {
  const names = (await readdir(folder)).filter((name) => name !== REASON_FILE);
  return {
    folder,
    day,
    stem,
    image: names.find(isImageName) ?? null,
    sidecar: names.find(isSidecarName) ?? null,
  };
}

function leadsOut(path: string): string {
  return `${path}: not a folder, or a link that leads out of the watched one; nothing is moved there`;
}
