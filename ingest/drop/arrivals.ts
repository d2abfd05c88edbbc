import { lstat, opendir } from 'node:fs/promises';
import { absent, readPlainFile } from '../plain-file.ts';
import { isImageName, isSidecarName, pathOf, type RawName, SIDECAR_EXTENSION, stemOf } from './file-names.ts';
import { DROP_NAMES_MAX, DROP_OTHERS_MAX, DROP_WATCHED_MAX, SIDECAR_BYTES_MAX } from './limits.ts';
import { OtherNames } from './other-names.ts';
import { sidecarFields } from './sidecar.ts';
import { hasImageEnd } from './whole-image.ts';

/** How long files are watched before they are believed to be whole. Milliseconds. */
export interface SettlingTimes {
  /** A file that has kept its size and time so long, and has the end of its kind, is whole. */
  readonly settleMs: number;
  /** So long is waited for the rest of a file, for a sidecar that is needed, and for the image of a sidecar. */
  readonly patienceMs: number;
}

/** What is ready to be taken: an image, with its sidecar if it has one, or a sidecar whose image did not come. */
export interface Arrival {
  readonly image: RawName | null;
  readonly sidecar: RawName | null;
}

interface Watched {
  /** Changes when the file does. */
  mark: string;
  sinceMs: number;
  modifiedNs: bigint;
  isRegular: boolean;
  /** Asked for once the file is still; null when it has changed since. */
  isWhole: boolean | null;
}

/** Watches a folder for files that have come to rest. `describesItself` tells an image that needs no sidecar by its stem. */
export class Arrivals {
  readonly #folder: string;
  readonly #times: SettlingTimes;
  readonly #describesItself: (rawStem: RawName) => boolean;
  readonly #others: OtherNames;
  readonly #onOther: (name: RawName) => void;
  #watched = new Map<RawName, Watched>();

  /** `onOther` is told, once, of each name that is neither an image nor a sidecar and stays. */
  constructor(
    folder: string,
    times: SettlingTimes,
    describesItself: (rawStem: RawName) => boolean,
    onOther: (name: RawName) => void = () => {},
  ) {
    this.#folder = folder;
    this.#times = times;
    this.#describesItself = describesItself;
    this.#others = new OtherNames(times.patienceMs);
    this.#onOther = onOther;
  }

  /** What can be taken now, the oldest first. `nowMs` is of a clock that only goes forward. */
  async look(nowMs: number): Promise<Arrival[]> {
    const { images, sidecars, others, isAll } = await this.#names();
    for (const name of this.#others.stayed(others, nowMs)) this.#onOther(name);
    const stems = new Set(images.map(stemOf));
    // Only after all names were seen can one be said to be missing.
    const alone = isAll ? sidecars.filter((name) => !stems.has(stemOf(name))) : [];
    const before = this.#watched;
    this.#watched = new Map();
    const ready: { arrival: Arrival; modifiedNs: bigint; name: RawName }[] = [];
    for (const name of chosen(images, before)) {
      const image = await this.#watch(name, before, nowMs);
      if (image === null) continue;
      const sidecarName = stemOf(name) + SIDECAR_EXTENSION;
      const sidecar = await this.#watch(sidecarName, before, nowMs);
      if (!(await this.#isReady(name, image, sidecarName, sidecar, nowMs))) continue;
      const arrival = { image: name, sidecar: sidecar === null ? null : sidecarName };
      ready.push({ arrival, modifiedNs: image.modifiedNs, name });
    }
    for (const name of chosen(alone, before)) {
      const sidecar = await this.#watch(name, before, nowMs);
      if (sidecar === null || nowMs - sidecar.sinceMs < this.#times.patienceMs) continue;
      ready.push({ arrival: { image: null, sidecar: name }, modifiedNs: sidecar.modifiedNs, name });
    }
    ready.sort((a, b) => Number(a.modifiedNs - b.modifiedNs) || (a.name < b.name ? -1 : 1));
    return withoutSecondUse(ready.map(({ arrival }) => arrival));
  }

  async #names(): Promise<Record<'images' | 'sidecars' | 'others', RawName[]> & { isAll: boolean }> {
    const images: RawName[] = [];
    const sidecars: RawName[] = [];
    const others: RawName[] = [];
    for await (const { name } of await opendir(this.#folder, { encoding: 'latin1' })) {
      if (images.length + sidecars.length >= DROP_NAMES_MAX) return { images, sidecars, others, isAll: false };
      if (isImageName(name)) images.push(name);
      else if (isSidecarName(name)) sidecars.push(name);
      else if (OtherNames.isOther(name) && others.length < DROP_OTHERS_MAX) others.push(name);
    }
    return { images, sidecars, others, isAll: true };
  }

  /** Null when it is not there (any more). */
  async #watch(name: RawName, before: ReadonlyMap<RawName, Watched>, nowMs: number): Promise<Watched | null> {
    const found = await lstat(pathOf(this.#folder, name), { bigint: true }).catch(absent);
    if (found === null) return null;
    const mark = `${found.ino} ${found.size} ${found.mtimeNs}`;
    const known = this.#watched.get(name) ?? before.get(name);
    const watched =
      known?.mark === mark
        ? known
        : { mark, sinceMs: nowMs, modifiedNs: found.mtimeNs, isRegular: found.isFile(), isWhole: null };
    this.#watched.set(name, watched);
    return watched;
  }

  async #isReady(
    name: RawName,
    image: Watched,
    sidecarName: RawName,
    sidecar: Watched | null,
    nowMs: number,
  ): Promise<boolean> {
    const { settleMs, patienceMs } = this.#times;
    // A link, a pipe or a folder never becomes an image.
    if (!image.isRegular) return true;
    const stillMs = nowMs - Math.max(image.sinceMs, sidecar?.sinceMs ?? 0);
    if (stillMs < settleMs) return false;
    if (stillMs >= patienceMs) return true;
    if (sidecar === null && !this.#describesItself(stemOf(name))) return false;
    image.isWhole ??= await hasImageEnd(pathOf(this.#folder, name));
    if (sidecar !== null) sidecar.isWhole ??= await isWholeJson(pathOf(this.#folder, sidecarName));
    return image.isWhole && (sidecar?.isWhole ?? true);
  }
}

/** As many as may be watched, those that are watched already first. */
function chosen(names: readonly RawName[], watched: ReadonlyMap<RawName, Watched>): RawName[] {
  if (names.length <= DROP_WATCHED_MAX) return names.toSorted();
  const old = names.filter((name) => watched.has(name));
  const fresh = names.filter((name) => !watched.has(name)).toSorted();
  return [...old, ...fresh].slice(0, DROP_WATCHED_MAX);
}

/** Of two images with one stem the first gets the sidecar. */
function withoutSecondUse(arrivals: readonly Arrival[]): Arrival[] {
  const used = new Set<RawName>();
  return arrivals.map(({ image, sidecar }) => {
    const isUsed = sidecar !== null && used.has(sidecar);
    if (sidecar !== null) used.add(sidecar);
    return { image, sidecar: isUsed ? null : sidecar };
  });
}

async function isWholeJson(path: Buffer): Promise<boolean> {
  const bytes = await readPlainFile(path, SIDECAR_BYTES_MAX);
  return bytes !== null && sidecarFields(bytes) !== undefined;
}
