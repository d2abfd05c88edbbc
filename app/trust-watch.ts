import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry } from '../verify/index.ts';
import { loadRegistry } from '../verify/registry/index.ts';

/** Often enough for a revocation to reach a running plant within seconds; a look costs one stat. */
const RELOAD_EVERY_MS = 2_000;

interface TrustWatchPorts {
  readonly nowMs: () => number;
  /** A newer list could not be loaded; the one in use stays. */
  readonly onRefused: (error: Error) => void;
}

/**
 * The registry in use. When its folder changes, the new version is loaded whole beside the old one and then takes its
 * place at once: nobody ever sees a part of it.
 */
export class TrustWatch {
  readonly #folder: string;
  readonly #ports: TrustWatchPorts;
  #current: Registry;
  #seen: string;
  #timer: NodeJS.Timeout | undefined;
  #loading: Promise<boolean> | undefined;

  private constructor(folder: string, ports: TrustWatchPorts, registry: Registry, seen: string) {
    this.#folder = folder;
    this.#ports = ports;
    this.#current = registry;
    this.#seen = seen;
  }

  /** @throws RegistryError when there is no usable registry to begin with. */
  static async open(folder: string, ports: TrustWatchPorts): Promise<TrustWatch> {
    const seen = await mark(folder);
    return new TrustWatch(folder, ports, await loadRegistry(folder, ports.nowMs()), seen);
  }

  get current(): Registry {
    return this.#current;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.reload(), RELOAD_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#loading;
  }

  /** Loads what is new, if anything; true when the registry in use was replaced. */
  reload(): Promise<boolean> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<boolean> {
    try {
      const seen = await mark(this.#folder);
      if (seen === this.#seen) return false;
      const registry = await loadRegistry(this.#folder, this.#ports.nowMs());
      this.#seen = seen;
      if (registry.version <= this.#current.version) return false;
      this.#current = registry;
      return true;
    } catch (error) {
      // Half-written, expired or forged: the list in use is still the best there is, and the next look comes soon.
      this.#ports.onRefused(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }
}

/** Changes whenever a list is published into the folder: its head is replaced last. */
async function mark(folder: string): Promise<string> {
  const found = await stat(join(folder, 'trust-list.json'), { bigint: true }).catch(() => null);
  return found === null ? 'missing' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}
