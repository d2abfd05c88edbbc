import { type Evidence, Judge, KnownScans, type SortedScans, type Store } from './analytics/index.ts';
import type { Disposition, Reading } from './indicium/index.ts';
import type { ScanBatch, ScanSource } from './ingest/index.ts';
import type { ReadBatch } from './reader.ts';
import type { ReaderPool } from './reader-pool.ts';

/** What a run did. Times are milliseconds; decodeMs and verifyMs add up over all readers. */
export interface RunSummary {
  scans: number;
  dispositions: Record<Disposition, number>;
  /** Scans delivered again: recorded once, answered the same. */
  repeated: number;
  /** Scans whose record or image was unusable, so that a person must act. */
  unusable: number;
  /** What sources hold but could not give yet, as sentences. */
  unfinished: string[];
  decodeMs: number;
  verifyMs: number;
  judgeMs: number;
  recordMs: number;
}

export interface Ports {
  readonly source: ScanSource;
  readonly readers: Pick<ReaderPool, 'read' | 'workers'>;
  readonly judge: Judge;
  readonly store: Pick<Store, 'positionOf' | 'digestsOf' | 'record'>;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly onProgress?: (summary: RunSummary) => void;
}

/** Batches that may be ahead of the one being judged: enough to keep every reader busy, and a bound on memory. */
const BATCHES_AHEAD_PER_WORKER = 2;

/** The judge as it stood: every genuine mark in the store is shown to it again. */
export async function rebuildJudge(store: Pick<Store, 'sightedPieces'>): Promise<Judge> {
  const judge = new Judge();
  for await (const piece of store.sightedPieces()) judge.see(piece);
  return judge;
}

/**
 * ingest → decode and verify → judge → record → acknowledge. Readers finish batches in any order; they are judged and
 * recorded in the order of the source, since the first of two sightings must be the first.
 */
export async function runPipeline(ports: Ports, summary: RunSummary = emptySummary()): Promise<RunSummary> {
  const { source, readers, store } = ports;
  const known = new KnownScans(store);
  const ahead: Promise<PreparedBatch>[] = [];
  const finishNext = async () => {
    const prepared = await ahead.shift();
    if (prepared !== undefined) await judgeAndRecord(prepared, ports, known, summary);
  };
  try {
    for await (const batch of source.batches(await store.positionOf(source.name))) {
      const sorted = await known.sort(batch.scans);
      const prepared = withReadings(batch, sorted, readers.read(sorted.fresh));
      // Awaited in turn; a failure before that must wait for its turn, too, instead of ending the process.
      prepared.catch(() => {});
      ahead.push(prepared);
      if (ahead.length >= readers.workers * BATCHES_AHEAD_PER_WORKER) await finishNext();
    }
    while (ahead.length > 0) await finishNext();
  } finally {
    // A failure leaves batches in the readers; their results are of no use, and their failures are not news.
    await Promise.allSettled(ahead);
  }
  return summary;
}

interface PreparedBatch extends SortedScans {
  readonly batch: ScanBatch;
  readonly read: ReadBatch;
}

async function withReadings(batch: ScanBatch, sorted: SortedScans, read: Promise<ReadBatch>): Promise<PreparedBatch> {
  return { batch, ...sorted, read: await read };
}

async function judgeAndRecord(
  { batch, fresh, conflicting, repeated, read }: PreparedBatch,
  { source, judge, store, now, onProgress }: Ports,
  known: KnownScans,
  summary: RunSummary,
): Promise<void> {
  const startedAtMs = now();
  const evidence: Evidence[] = [];
  for (const [index, scan] of fresh.entries()) {
    const reading = read.readings[index];
    if (reading === undefined) throw new Error(`a reader gave no reading for scan ${scan.scanId}`);
    evidence.push({ scan, reading, verdict: judge.judge(scan, reading) });
  }
  for (const scan of conflicting) {
    evidence.push({ scan, reading: REUSED, verdict: judge.judge(scan, REUSED) });
  }
  const judgedAtMs = now();
  await store.record(evidence, source.name, batch.position);
  await batch.acknowledge();
  known.recorded(batch.scans);

  for (const { verdict, reading } of evidence) {
    summary.dispositions[verdict.disposition] += 1;
    if (UNUSABLE.has(reading.outcome)) summary.unusable += 1;
  }
  if (batch.unfinished !== null) summary.unfinished.push(batch.unfinished);
  summary.scans += evidence.length;
  summary.repeated += repeated;
  summary.decodeMs += read.decodeMs;
  summary.verifyMs += read.verifyMs;
  summary.judgeMs += judgedAtMs - startedAtMs;
  summary.recordMs += now() - judgedAtMs;
  onProgress?.(summary);
}

const REUSED: Reading = {
  payload: null,
  symbology: null,
  indicium: null,
  contentDigest: 0n,
  outcome: 'scan-id-reused',
  trustVersion: 0,
};

/** Outcomes that tell of a broken machine, link or file, not of a mailpiece. */
const UNUSABLE: ReadonlySet<string> = new Set([
  'scan-malformed',
  'scan-incomplete',
  'scan-id-reused',
  'image-missing',
  'image-refused',
  'image-too-large',
  'image-unsupported',
  'image-corrupt',
  'reader-timeout',
  'reader-failed',
]);

export function emptySummary(): RunSummary {
  return {
    scans: 0,
    dispositions: { accept: 0, divert: 0, manual: 0 },
    repeated: 0,
    unusable: 0,
    unfinished: [],
    decodeMs: 0,
    verifyMs: 0,
    judgeMs: 0,
    recordMs: 0,
  };
}
