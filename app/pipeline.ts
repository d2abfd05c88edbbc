import type { ReadingBatch, Recorded } from '../analytics/recorder/index.ts';
import { addedUnchecked, type Disposition, UNUSABLE_SCANS, type UncheckedCounts } from '../indicium/index.ts';
import type { ScanBatch, ScanSource } from '../scans/index.ts';
import type { IgnoredCount, ReadBatch } from './reader.ts';
import type { ReaderPool } from './reader-pool.ts';

/** What a run did. Times are milliseconds; decodeMs and verifyMs add up over all readers. */
export interface RunSummary {
  scans: number;
  dispositions: Record<Disposition, number>;
  /** Scans delivered again: recorded once, answered the same. */
  repeated: number;
  /** Scans whose record or image was unusable, so that a person must act. */
  unusable: number;
  /** Scans whose plant had used their scan id for another: judged all the same, but a machine's counter is to be mended. */
  reused: number;
  /** Fields that were given and not used, each with its problem once. */
  ignored: IgnoredCount[];
  /** Scans with a genuine mark by the checks of it that were not made because something they need was missing. */
  unchecked: UncheckedCounts;
  /** What a person must know of the sources: what they hold and could not give, as sentences that name them. */
  notices: string[];
  decodeMs: number;
  verifyMs: number;
  judgeMs: number;
  recordMs: number;
}

/**
 * Judges and records, in the order of the calls; answers when what it was given is durable. After one call has failed,
 * those that come after it also fail: a later position must not be recorded over an earlier batch that is missing.
 */
export interface RecorderPort {
  positionOf(source: string): Promise<string | null>;
  /** Takes the buffers of the readings away, unless they are kept. */
  record(batch: ReadingBatch, keepsReadings?: boolean): Promise<Recorded>;
}

export interface Ports {
  readonly source: ScanSource;
  readonly readers: Pick<ReaderPool, 'read' | 'workers'>;
  readonly recorder: RecorderPort;
  readonly onProgress?: (summary: RunSummary) => void;
}

/** Batches that may be read ahead of the one being recorded: enough to keep every reader busy, and a bound on memory. */
const BATCHES_AHEAD_PER_WORKER = 2;
/** Batches handed over to be recorded and not durable yet: one being committed, one judged meanwhile. */
const BATCHES_RECORDING_MAX = 2;

/**
 * ingest → decode and verify → judge and record → acknowledge. Readers finish batches in any order; they are judged and
 * recorded in the order of the source, since the first of two sightings must be the first. A batch is handed on as soon
 * as it is read and those before it are: a source may have nothing more for hours.
 */
export async function runPipeline(ports: Ports, summary: RunSummary = emptySummary()): Promise<RunSummary> {
  const { source, readers, recorder } = ports;
  const failure = new Failure();
  const ahead: Promise<void>[] = [];
  const recording: Promise<void>[] = [];
  const handOver = async (batch: ScanBatch, read: Promise<ReadBatch>, startedAtMs: number, turn: Promise<void>) => {
    await turn;
    const readBatch = await read;
    const readMs = performance.now() - startedAtMs;
    if (recording.length >= BATCHES_RECORDING_MAX) await recording.shift();
    recording.push(failure.track(recordBatch({ batch, read: readBatch, readMs }, ports, summary)));
  };
  let turn = Promise.resolve();
  const batches = source.batches(await recorder.positionOf(source.name))[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await failure.raceFailure(batches.next());
      if (next.done === true) break;
      const read = failure.track(readers.read(next.value.scans, next.value));
      turn = failure.track(handOver(next.value, read, performance.now(), turn));
      ahead.push(turn);
      if (ahead.length >= readers.workers * BATCHES_AHEAD_PER_WORKER) await ahead.shift();
    }
    await turn;
    while (recording.length > 0) await recording.shift();
  } finally {
    // Not awaited: a source that has nothing to give would hold up the news of a failure.
    void batches.return?.();
    // A failure leaves batches on their way; what they hold is of no use, and their failures are not news.
    await Promise.allSettled([...ahead, turn]);
    await Promise.allSettled(recording);
  }
  return summary;
}

/** The first failure ends the run at once, even while a source has nothing to give. */
class Failure {
  #first: { readonly error: unknown } | null = null;
  #onFirst: (error: unknown) => void = () => {};

  /** The promise itself, whose failure is noted and waits for its turn instead of ending the process. */
  track<Result>(promise: Promise<Result>): Promise<Result> {
    promise.catch((error: unknown) => {
      this.#first ??= { error };
      this.#onFirst(error);
    });
    return promise;
  }

  raceFailure<Result>(promise: Promise<Result>): Promise<Result> {
    if (this.#first !== null) {
      promise.catch(() => {});
      return Promise.reject(this.#first.error);
    }
    return new Promise((resolve, reject) => {
      this.#onFirst = reject;
      promise.then(resolve, reject);
    });
  }
}

interface ReadAhead {
  readonly batch: ScanBatch;
  readonly read: ReadBatch;
  readonly readMs: number;
}

async function recordBatch(
  { batch, read, readMs }: ReadAhead,
  { source, recorder, onProgress }: Ports,
  summary: RunSummary,
): Promise<void> {
  const readings = read.columns;
  const isKept = batch.keepsReadings === true;
  const startedAtMs = performance.now();
  const recorded = await recorder.record({ readings, source: source.name, position: batch.position }, isKept);
  await batch.acknowledge({
    verdicts: recorded.verdicts,
    repeatedRows: recorded.repeatedRows,
    readings: isKept ? readings : null,
    readMs,
    recordMs: performance.now() - startedAtMs,
  });
  summary.dispositions.accept += recorded.dispositions.accept;
  summary.dispositions.divert += recorded.dispositions.divert;
  summary.dispositions.manual += recorded.dispositions.manual;
  for (const [outcome, scans] of recorded.outcomes) {
    if (UNUSABLE_SCANS.has(outcome)) summary.unusable += scans;
  }
  addIgnored(summary.ignored, read.ignored);
  summary.unchecked = addedUnchecked(summary.unchecked, read.unchecked);
  summary.notices.push(...batch.notices);
  summary.scans += recorded.scans;
  summary.repeated += recorded.repeated;
  summary.reused += recorded.reused;
  summary.decodeMs += read.decodeMs;
  summary.verifyMs += read.verifyMs;
  summary.judgeMs += recorded.judgeMs;
  summary.recordMs += recorded.recordMs;
  onProgress?.(summary);
}

/** Adds what one batch had to a list of all; there are a few kinds of them. */
export function addIgnored(all: IgnoredCount[], batch: readonly IgnoredCount[]): void {
  for (const one of batch) {
    const at = all.findIndex(({ field, problem }) => field === one.field && problem === one.problem);
    const known = all[at];
    if (known === undefined) all.push(one);
    else all[at] = { ...known, scans: known.scans + one.scans };
  }
}

export function emptySummary(): RunSummary {
  return {
    scans: 0,
    dispositions: { accept: 0, divert: 0, manual: 0 },
    repeated: 0,
    unusable: 0,
    reused: 0,
    ignored: [],
    unchecked: {},
    notices: [],
    decodeMs: 0,
    verifyMs: 0,
    judgeMs: 0,
    recordMs: 0,
  };
}
