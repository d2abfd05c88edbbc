import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a host keeps of one license on one PSD. */
type StoredKind = 'license' | 'certificate' | 'registers';

/**
 * The host's disk (WO 99/48053, Fig. 5: 71): signed licenses, certificates and register sets as plain files, which
 * anybody may read, copy, change and put back.
 */
export class NonsecureStore {
  readonly #folder: string;
  readonly #made = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  put(psd: string, license: number, kind: StoredKind, text: string): void {
    if (!this.#made.has(psd)) mkdirSync(join(this.#folder, psd), { recursive: true });
    this.#made.add(psd);
    writeFileSync(this.pathOf(psd, license, kind), text);
  }

  /** Null when there is no such file. */
  get(psd: string, license: number, kind: StoredKind): string | null {
    const path = this.pathOf(psd, license, kind);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  }

  remove(psd: string, license: number, kind: StoredKind): void {
    rmSync(this.pathOf(psd, license, kind), { force: true });
  }

  pathOf(psd: string, license: number, kind: StoredKind): string {
    return join(this.#folder, psd, `${license}.${kind}`);
  }
}
