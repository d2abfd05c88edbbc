import type { RawName } from './file-names.ts';
import { DROP_OTHERS_MAX } from './limits.ts';

/** Folders of the program itself. */
const OWN: ReadonlySet<string> = new Set(['done', 'failed', 'taken']);

/**
 * Names in a watched folder that are neither an image nor a sidecar. They are left alone, since files in the making have such
 * names, and told once where they stay.
 */
export class OtherNames {
  readonly #patienceMs: number;
  #sinceMs = new Map<RawName, number>();
  readonly #told = new Set<RawName>();

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  static isOther(name: RawName): boolean {
    return !name.startsWith('.') && !OWN.has(name);
  }

  /** Those of the names that have been there for so long, each once. `names` are all that are there now. */
  stayed(names: readonly RawName[], nowMs: number): RawName[] {
    const before = this.#sinceMs;
    this.#sinceMs = new Map(names.map((name) => [name, before.get(name) ?? nowMs]));
    const stayed = names.filter((name) => {
      const isLong = nowMs - (this.#sinceMs.get(name) ?? nowMs) >= this.#patienceMs;
      return isLong && !this.#told.has(name) && this.#told.size < DROP_OTHERS_MAX;
    });
    for (const name of stayed) this.#told.add(name);
    return stayed;
  }
}
