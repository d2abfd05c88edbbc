import assert from 'node:assert/strict';
import type { NonvolatileMemory } from '../../psd-sim/psd/memory.ts';

/** Seeds of private keys and the key of the store, as they stand in the memory of a PSD. */
const SEEDS = /"(?:deviceSeed|storageKey|keySeed|nextKeySeed)":"([A-Za-z0-9+/]{43}=)"/g;
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** A seed, and the private key that follows from it, in every form in which somebody could write them. */
function formsOf(seed: string): string[] {
  const bytes = Buffer.from(seed, 'base64');
  const scalar = (BigInt(`0x${bytes.toString('hex')}`) % (P256_ORDER - 1n)) + 1n;
  const key = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  return [bytes, key].flatMap((secret) => [
    secret.toString('latin1'),
    secret.toString('hex'),
    secret.toString('base64').replace(/=+$/, ''),
    secret.toString('base64url'),
  ]);
}

function decoded(run: string): string {
  return Buffer.from(run, 'base64').toString('latin1');
}

/** Looks for what must never leave a PSD in all that leaves it. */
export class SecretSearch {
  readonly #seeds = new Set<string>();
  readonly #secrets = new Set<string>();

  get known(): number {
    return this.#seeds.size;
  }

  /** Reads the memory as somebody with the housing open would. */
  learn(memory: NonvolatileMemory): void {
    for (const [, seed = ''] of memory.image().toString('latin1').matchAll(SEEDS)) {
      if (this.#seeds.has(seed)) continue;
      this.#seeds.add(seed);
      for (const form of formsOf(seed)) this.#secrets.add(form);
    }
  }

  /** @throws AssertionError when a secret is in the text, or in base64 within it. */
  search(text: string): void {
    const open = [text, ...[...text.matchAll(/[A-Za-z0-9+/]{40,}/g)].map(([run]) => decoded(run))];
    for (const secret of this.#secrets) {
      assert.ok(!open.some((part) => part.includes(secret)), 'a secret left the secure boundary');
    }
  }
}
