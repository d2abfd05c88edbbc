import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { checkRoom, DAY_MS, publishRegistry } from '../mail/post.ts';
import { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';
import type { FleetPart, FrankOrder, PartAnswer } from './fleet-worker.ts';

export type StreamedFleet = Pick<Scenario, 'psds' | 'licenses' | 'dayMs' | 'seed' | 'images'> & {
  /** Threads, each with its share of the PSDs. */
  readonly workers: number;
  /** Paid into every register set before the first piece. */
  readonly refillMills: bigint;
  readonly imagePrefix: string;
};

/** Only the first part's are published: all parts have the same offices, towns and rates. */
const ONCE = new Set(['authorities.ndjson', 'rates.ndjson', 'plants.ndjson']);

/** A fleet that franks when told to, on several threads. Its registry is published before the first piece. */
export class FleetStream {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  static async open(
    { workers, refillMills, imagePrefix, ...scenario }: StreamedFleet,
    folder: string,
    onProgress: (done: number, total: number) => void = () => {},
  ): Promise<FleetStream> {
    checkRoom(scenario.psds, scenario.licenses);
    await mkdir(folder, { recursive: true });
    if (scenario.images !== 'none') await mkdir(join(folder, 'images'), { recursive: true });
    const share = (whole: number) => Math.max(1, Math.ceil(whole / workers));
    const size = { psds: share(scenario.psds), licenses: share(scenario.licenses) };
    const parts = Array.from({ length: workers }, (_, part) => {
      return new Part({ scenario: { ...scenario, ...size }, folder, part, refillMills, imagePrefix }, onProgress);
    });
    const ready = await Promise.all(parts.map((part) => part.ready));
    const files = new Map(ready[0]);
    for (const [name, text] of ready.slice(1).flatMap((its) => [...its])) {
      if (!ONCE.has(name)) files.set(name, (files.get(name) ?? '') + text);
    }
    const random = new Random(`indicia ${scenario.seed}`).stream('trust');
    await publishRegistry(join(folder, 'registry'), files, scenario.dayMs + DAY_MS, random);
    return new FleetStream(parts);
  }

  get workers(): number {
    return this.#parts.length;
  }

  /** Lines of scans, one for each piece, in the order in which they were asked for. */
  frank(order: FrankOrder, worker: number): Promise<string> {
    const part = this.#parts[worker % this.#parts.length];
    if (part === undefined) throw new RangeError('a fleet without threads');
    return part.frank(order);
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.close()));
  }
}

/** The near side of one thread. */
class Part {
  readonly ready: Promise<ReadonlyMap<string, string>>;
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<string>[] = [];

  constructor(part: FleetPart, onProgress: (done: number, total: number) => void) {
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, string>>();
    this.ready = promise;
    this.#worker = new Worker(new URL('fleet-worker.ts', import.meta.url), { workerData: part });
    this.#worker.on('message', (answer: PartAnswer) => {
      if (answer.type === 'ready') resolve(answer.files);
      else if (answer.type === 'licensed') onProgress(answer.done, answer.total);
      else this.#waiting.shift()?.resolve(answer.lines);
    });
    this.#worker.on('error', (error) => {
      reject(error);
      for (const { reject: fail } of this.#waiting.splice(0)) fail(error);
    });
  }

  frank(order: FrankOrder): Promise<string> {
    const asked = Promise.withResolvers<string>();
    this.#waiting.push(asked);
    this.#worker.postMessage(order);
    return asked.promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
