import {
  missing,
  type ReadingColumns,
  type RegistryRecords,
  type StoredVerdict,
  type VerdictQuery,
} from '../../indicium/index.ts';
import { detect } from '../detection/detect.ts';
import { type FindingDelta, readFindingDelta } from '../detection/finding-delta.ts';
import { refuseOtherPolicy, usePolicy } from '../detection/used-policy.ts';
import { type JudgedBatch, judgeBatch, type Recorded } from '../judge/batch-judge.ts';
import { DEFAULT_POLICY, type Policy } from '../judge/default-policy.ts';
import type { StorePorts } from '../store/audit/author.ts';
import { isStorageFailure } from '../store/failures.ts';
import { type Fence, FencedError, NO_FENCE } from '../store/fence.ts';
import { isLockConflict, openingFailure } from '../store/instance.ts';
import { type LakeSource, lakeSourceOf } from '../store/lake/lake-source.ts';
import { readPlants } from '../store/plants.ts';
import { exportTo } from '../store/queries/export.ts';
import { readStoredVerdicts } from '../store/queries/stored-verdicts.ts';
import { type EvidenceBatch, Store } from '../store/store.ts';
import { Memory } from './memory.ts';

/** Readings of one source, and how far it was read with them. */
export interface ReadingBatch {
  readonly readings: ReadingColumns;
  readonly source: string;
  readonly position: string | null;
}

export interface RecorderPorts {
  /** The store cannot take anything now; what it was given is kept, and tried again until it can. */
  readonly onPaused: (reason: string) => void;
  readonly onResumed: () => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** From how many new scans on a snapshot is worth its while. */
  readonly snapshotScansMin?: number;
  /** How many of all recorded scans have been seen again since it began to open. */
  readonly onRestored?: (scans: number, of: number) => void;
  /** In whose name the store is written to, and what is told of it: see StorePorts. */
  readonly store?: StorePorts;
}

/** Often enough for a plant to go on soon after somebody made room; an attempt writes one batch. */
const TRY_AGAIN_MS = 500;

/** Judges readings in the order of their arrival and makes them durable; answers scans that come again as before. */
export class Recorder {
  readonly #path: string;
  readonly #ports: RecorderPorts;
  readonly #policy: Policy;
  readonly #memory: Memory;
  readonly #fence: Fence;
  #store: Store;
  #lastLook: Promise<unknown> = Promise.resolve();
  #lastExport: Promise<unknown> = Promise.resolve();

  private constructor(path: string, ports: RecorderPorts, policy: Policy, fence: Fence, store: Store) {
    this.#path = path;
    this.#ports = ports;
    this.#policy = policy;
    this.#fence = fence;
    this.#memory = new Memory(path, policy, ports);
    this.#store = store;
  }

  /** @throws StoreError @throws FencedError @throws PolicyError where another policy was used under the same version */
  static async open(
    path: string,
    ports: RecorderPorts,
    policy: Policy = DEFAULT_POLICY,
    fence: Fence = NO_FENCE,
  ): Promise<Recorder> {
    const recorder = new Recorder(path, ports, policy, fence, await Store.open(path, ports.store));
    try {
      await refuseOtherPolicy(recorder.#store.connection, policy);
      await recorder.#patiently(() => usePolicy(recorder.#store, policy));
      recorder.#memory.judge.setPlants(await readPlants(recorder.#store.connection));
      await recorder.#memory.fill(recorder.#store);
      fence.check();
    } catch (error) {
      recorder.close();
      throw error;
    }
    return recorder;
  }

  /** For the next start, which then is shown only what comes after it; to be called before it is closed. */
  keepSnapshot(): Promise<void> {
    return this.#memory.keep(this.#store, this.#fence);
  }

  /** Nothing may run beside it any more: see settle. */
  close(): void {
    this.#store.close();
  }

  /** Ends what runs beside the recording. */
  settle(): Promise<void> {
    return this.#store.sideConnections.stop();
  }

  /** @throws FencedError when a newer owner has claimed the store. */
  checkOwner(): void {
    this.#fence.check();
  }

  /** What a lake is written from, beside the recording. */
  get lakeSource(): LakeSource {
    const fenced = <Result>(work: () => Promise<Result>) => this.#fenced(work);
    return lakeSourceOf(() => this.#store, fenced);
  }

  positionOf(source: string): Promise<string | null> {
    return this.#store.positionOf(source);
  }

  /** Batches that become durable together, in one transaction. */
  async record(batches: readonly ReadingBatch[]): Promise<Recorded[]> {
    const judged: JudgedBatch[] = [];
    const judgeMs: number[] = [];
    let sinceMs = performance.now();
    this.#memory.isInStep = false;
    const lap = () => {
      const startedAtMs = sinceMs;
      sinceMs = performance.now();
      return sinceMs - startedAtMs;
    };
    for (const { readings } of batches) {
      const batch = judgeBatch(readings, await this.#memory.known.lookUp(readings, this.#store), this.#memory.judge);
      this.#memory.known.remember(batch.readings, batch.verdicts, batch.used);
      judged.push(batch);
      judgeMs.push(lap());
    }
    await this.#write(
      batches.map(({ source, position }, index) => {
        const { readings, verdicts } = judged[index] ?? missing('judged');
        return { readings, ...verdicts, source, position, policyVersion: this.#policy.version };
      }),
    );
    this.#memory.isInStep = true;
    const recordMs = lap();
    return judged.map(({ recorded }, index) => {
      return { ...recorded, judgeMs: judgeMs[index] ?? missing('judgeMs'), recordMs: index === 0 ? recordMs : 0 };
    });
  }

  async setRegistry(registry: RegistryRecords): Promise<void> {
    await this.#patiently(() => this.#store.setRegistry(registry));
    this.#memory.judge.setPlants(registry.plants);
  }

  /**
   * Number of findings. Recording goes on meanwhile, so a look that finds no room fails, and the next one sees what it did
   * not. One look at a time: it reads on from where the last one ended.
   */
  detect(): Promise<number> {
    const look = this.#lastLook.then(() => this.#fenced(() => this.#look(false)));
    this.#lastLook = look.catch(() => {});
    return look;
  }

  /** The same while nothing is being recorded: waits until there is room. */
  detectAlone(): Promise<number> {
    return this.#patiently(() => this.#look(true));
  }

  #look(isAlone: boolean): Promise<number> {
    return this.#store.sideConnections.run((store) => detect(store, this.#policy, { isAlone }));
  }

  /** What was answered; recording goes on meanwhile. */
  verdictsOf(queries: readonly VerdictQuery[]): Promise<StoredVerdict[]> {
    return this.#store.sideConnections.run(({ connection }) => readStoredVerdicts(connection, queries));
  }

  /** Writes a view as Parquet while recording goes on; one at a time. Gives the bytes written. */
  exportView(view: string, path: string): Promise<number> {
    const exporting = () => this.#store.sideConnections.run(({ connection }) => exportTo(connection, view, path));
    const exported = this.#lastExport.then(() => this.#fenced(exporting));
    this.#lastExport = exported.catch(() => {});
    return exported;
  }

  /**
   * Before, so that a process that lost the store leaves it alone; and after, since the store may be lost in between:
   * only what its owner committed while it was the owner may be answered.
   */
  async #fenced<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#fence.check();
    try {
      return await work();
    } finally {
      // Also when it failed: a newer owner takes the files away, and that is then the reason.
      this.#fence.check();
    }
  }

  /** All findings, and the revisions after that number, as the last look of the detectors left them. */
  async findingDelta(afterRevision: number): Promise<FindingDelta> {
    let delta: FindingDelta | null = null;
    await this.#fenced(() =>
      this.#store.transaction(async () => {
        const read = await readFindingDelta(this.#store.connection, afterRevision);
        delta = read.delta;
        return read.noted;
      }),
    );
    if (delta === null) throw new Error('a transaction ended without what it was for');
    return delta;
  }

  /** Writes once, however often it must be tried: a commit that failed may have taken effect. */
  #write(batches: readonly EvidenceBatch[]): Promise<void> {
    const rowsBefore = this.#store.rows;
    return this.#patiently(async () => {
      if (this.#store.rows === rowsBefore) await this.#store.write(batches);
    });
  }

  /** Until there is room: what failed for lack of it is done again, on a store that was opened anew. */
  async #patiently<Result>(work: () => Promise<Result>): Promise<Result> {
    let isPaused = false;
    for (;;) {
      try {
        const result = await this.#fenced(async () => {
          if (isPaused) await this.#reopen();
          return work();
        });
        if (isPaused) this.#ports.onResumed();
        return result;
      } catch (error) {
        // Of a store that can be claimed again, a copy is had, however long the other one has it open.
        if (isLockConflict(error) && this.#fence !== NO_FENCE) throw openingFailure(this.#path, error);
        if (error instanceof FencedError || !isStorageFailure(error)) throw error;
        if (!isPaused) this.#ports.onPaused(error instanceof Error ? error.message : String(error));
        isPaused = true;
        await this.#ports.sleep(TRY_AGAIN_MS);
      }
    }
  }

  /** DuckDB refuses everything after some failures, so the store is opened anew, which also tells what it holds. */
  async #reopen(): Promise<void> {
    await this.settle();
    this.#store.close();
    this.#store = await Store.open(this.#path, { ...this.#ports.store, mustExist: true });
  }
}
