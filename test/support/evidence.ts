import { hash } from 'node:crypto';
import { Judge, type Store } from '../../analytics/index.ts';
import { VerdictColumnsBuilder } from '../../analytics/recorder/verdict-columns-builder.ts';
import {
  parseIndicium,
  type Reading,
  type ReadingColumns,
  ReadingColumnsBuilder,
  type Scan,
  type Verdict,
  type VerdictColumns,
} from '../../indicium/index.ts';
import { authenticate, KeyRing, type Registry, signerOf } from '../../verify/index.ts';

let sequence = 0;

/** A scan as a plant sends it; what a test does not care about is filled in. */
export function scanOf(change: Partial<Scan> = {}): Scan {
  sequence += 1;
  return {
    scanId: `DBCS-1/T/${String(sequence).padStart(6, '0')}`,
    plant: '06484',
    machine: 'DBCS-1',
    scannedAtMs: Date.UTC(2026, 10, 20, 18) + sequence,
    mailpieceId: `M${sequence}`,
    pass: 'origin',
    destination: null,
    weightGrams: null,
    mark: { kind: 'none', reason: 'scan-incomplete', detail: 'made by a test' },
    extra: null,
    sender: null,
    digest: BigInt(sequence),
    ...change,
  };
}

const rings = new WeakMap<Registry, KeyRing>();

/** One ring for each registry: importing keys anew for every mark would take longer than everything else. */
function ringOf(registry: Registry): KeyRing {
  const ring = rings.get(registry) ?? new KeyRing(registry);
  rings.set(registry, ring);
  return ring;
}

/** What a reader gives for a payload. */
export function readingOf(payload: Uint8Array, registry: Registry, scannedAtMs: number | null = null): Reading {
  const parsed = parseIndicium(payload);
  if ('failure' in parsed) {
    return { payload, symbology: null, indicium: null, contentDigest: 0n, outcome: parsed.failure, trustVersion: 1 };
  }
  const { indicium } = parsed;
  const outcome = authenticate(indicium, ringOf(registry), { scannedAtMs, receivedAtMs: null });
  const signer = signerOf(indicium, outcome, ringOf(registry));
  return {
    payload,
    symbology: null,
    indicium,
    contentDigest: hash('sha256', indicium.signedBytes, 'buffer').readBigUInt64BE(0),
    trustVersion: registry.version,
    outcome,
    ...(signer !== null && { signer }),
  };
}

/** A judge that knows where the plants of a registry are. */
export function judgeFor(registry: Registry): Judge {
  const judge = new Judge();
  judge.setPlants(registry.plants);
  return judge;
}

/** Everything that is stored of one scan: what came in, what was read, what was answered. */
export interface Evidence {
  readonly scan: Scan;
  readonly reading: Reading;
  readonly verdict: Verdict;
  /** When the post received the scan, by its own clock; not given if unknown. */
  readonly receivedAtMs?: number;
}

/** Evidence that was gathered piece by piece, by column. */
export function evidenceColumns(evidence: readonly Evidence[]): VerdictColumns & { readonly readings: ReadingColumns } {
  const readings = new ReadingColumnsBuilder(evidence.length);
  const verdicts = new VerdictColumnsBuilder(evidence.length);
  for (const { scan, reading, verdict, receivedAtMs } of evidence) {
    readings.add(scan, reading, receivedAtMs);
    verdicts.add(verdict);
  }
  return { readings: readings.finish(), ...verdicts.finish() };
}

/** Writes evidence that was gathered piece by piece. */
export async function recordEvidence(
  store: Store,
  evidence: readonly Evidence[],
  source: string,
  position: string | null,
): Promise<void> {
  await store.write([{ ...evidenceColumns(evidence), source, position, policyVersion: 1 }]);
}

/** One scan, judged as a batch of one row. */
export function verdictOf(judge: Judge, scan: Scan, reading: Reading): Verdict {
  const readings = new ReadingColumnsBuilder(1);
  readings.add(scan, reading);
  return { scanId: scan.scanId, ...judge.judgeRow(readings.finish(), 0) };
}

/** Judges payloads one after another, as the pipeline does. */
export function judged(
  pieces: readonly { readonly payload: Uint8Array; readonly scan?: Partial<Scan> }[],
  registry: Registry,
  judge: Judge = judgeFor(registry),
): Evidence[] {
  return pieces.map(({ payload, scan: change }) => {
    const scan = scanOf(change);
    const reading = readingOf(payload, registry);
    return { scan, reading, verdict: verdictOf(judge, scan, reading) };
  });
}

/** What a reader gives for a batch of scans with payloads. */
export function readingColumnsOf(scans: readonly Scan[], registry: Registry): ReadingColumns {
  const builder = new ReadingColumnsBuilder(scans.length);
  for (const scan of scans) {
    builder.add(scan, readingOf(scan.mark.kind === 'payload' ? scan.mark.payload : Buffer.alloc(0), registry));
  }
  return builder.finish();
}
