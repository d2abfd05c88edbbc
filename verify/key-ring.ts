import { FIELDS, type Indicium, type KeyOwner, missing, psdNameAt, type SuiteName } from '../indicium/index.ts';
import { AUTHORIZATIONS, type Authorization } from './authorization.ts';
import { KeyCache } from './key-cache.ts';
import { findKey, type KeyTable, type KeyTimes, PSD_BYTES, suiteAt, timesAt } from './key-table.ts';
import type { VerifyingKey } from './signature.ts';

/** One version of the registry's keys in one thread, arranged for the questions a verifier asks. */
export class KeyRing {
  /** Of the trust list: recorded with every verdict. */
  readonly version: number;
  readonly #table: KeyTable;
  readonly #cache: KeyCache;

  constructor(registry: { readonly version: number; readonly keys: KeyTable }) {
    this.version = registry.version;
    this.#table = registry.keys;
    this.#cache = new KeyCache(registry.keys);
  }

  /** Row of the key, or −1 when its id is not registered. */
  find(keyId: number): number {
    return findKey(this.#table, keyId);
  }

  /** Whether the key was certified for the PSD and license that the mark names. */
  isOwner(row: number, indicium: Indicium): boolean {
    const { licenses, psds } = this.#table;
    if (licenses[row] !== indicium.license) return false;
    const start = FIELDS.manufacturer.offset;
    for (let at = 0; at < PSD_BYTES; at++) {
      if (psds[row * PSD_BYTES + at] !== indicium.signedBytes[start + at]) return false;
    }
    return true;
  }

  /** Whom the key was certified for. */
  owner(row: number): KeyOwner {
    const { licenses, psds } = this.#table;
    return {
      license: licenses[row] ?? missing('licenses'),
      psd: psdNameAt(Buffer.from(psds.buffer, psds.byteOffset, psds.byteLength), row * PSD_BYTES),
    };
  }

  suite(row: number): SuiteName {
    return suiteAt(this.#table, row);
  }

  key(row: number): VerifyingKey | null {
    return this.#cache.get(row);
  }

  times(row: number): KeyTimes {
    return timesAt(this.#table, row);
  }

  /** Whether the key's license allowed its PSD to frank at that time. */
  authorization(row: number, atMs: number): Authorization {
    const { periodStarts, periodFromMs, periodStates } = this.#table;
    let period = (periodStarts[row + 1] ?? missing('periodStarts')) - 1;
    while (
      period > (periodStarts[row] ?? missing('periodStarts')) &&
      (periodFromMs[period] ?? missing('periodFromMs')) > atMs
    )
      period -= 1;
    return AUTHORIZATIONS[periodStates[period] ?? missing('period')] ?? missing('authorization');
  }
}
