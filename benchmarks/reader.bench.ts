import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readScans } from '../app/reader.ts';
import { openSource } from '../ingest/index.ts';
import type { ScanBatch } from '../scans/index.ts';
import { loadRegistry } from '../verify/registry/index.ts';
import { bareVerification } from './bare-verification.ts';
import { noteMeasurement } from './measurements.ts';
import { simulatedDay } from './picture-days.ts';
import { machine, markdownTable, median, quantile } from './table.ts';

/**
 * What a reader thread does with a payload, from its line to columns, over what bare verification of one signature takes in the
 * same thread. The two take turns of some 30 ms, so that a machine that changes its speed changes both: of all figures, this one tells
 * the smallest differences between two commits. INDICIA_SAMPLES sets how many samples there are (21).
 */

const PIECES = 6_000;
const SAMPLES = Number(process.env.INDICIA_SAMPLES ?? 21);
/** Batches of a sample, each with as many bare verifications after it. */
const TURNS = 4;

const folder = await mkdtemp(join(tmpdir(), 'indicia-reader-'));
try {
  const day = await simulatedDay(join(folder, 'day'), PIECES, 'none');
  const trust = await loadRegistry(join(day, 'registry'), Date.UTC(2026, 10, 21));
  const source = await openSource(join(day, 'scans.ndjson'), process.stdin);
  const batches = await Array.fromAsync(source.batches(null));
  const verifyOnce = bareVerification();
  const sample = (from: number) => {
    let [reading, bare, rows] = [0, 0, 0];
    for (let turn = 0; turn < TURNS; turn++) {
      const batch = batches[(from + turn) % batches.length];
      if (batch === undefined) throw new Error('a day without batches');
      const [startedAtMs, batchRows] = [performance.now(), rowsIn(batch)];
      readScans({ scans: batch.scans, images: new Map(), givenUp: new Set(), receivedAtMs: null, trust });
      const readAtMs = performance.now();
      for (let row = 0; row < batchRows; row++) verifyOnce();
      reading += readAtMs - startedAtMs;
      bare += performance.now() - readAtMs;
      rows += batchRows;
    }
    return { ratio: reading / bare, restMicroseconds: (1_000 * (reading - bare)) / rows };
  };
  for (let warming = 0; warming < 8; warming++) sample(warming * TURNS);
  const samples = Array.from({ length: SAMPLES }, (_, index) => sample(index * TURNS));
  const ratios = samples.map(({ ratio }) => ratio);
  process.stdout.write(`${machine()}; ${SAMPLES} samples of ${TURNS} batches\n\n`);
  const row = [
    median(ratios).toFixed(3),
    `${quantile(ratios, 0.1).toFixed(3)} to ${quantile(ratios, 0.9).toFixed(3)}`,
    median(samples.map(({ restMicroseconds }) => restMicroseconds)).toFixed(1),
  ];
  process.stdout.write(
    markdownTable(
      ['reading over bare verification', 'eight of ten samples', 'all but the signature, µs a piece'],
      [row],
    ),
  );
  noteMeasurement({
    name: 'a payload in a reader over its signature',
    unit: 'ratio',
    better: 'lower',
    isPaired: true,
    samples: ratios,
  });
} finally {
  await rm(folder, { recursive: true });
}

function rowsIn({ scans }: ScanBatch): number {
  return 'text' in scans ? scans.ends.length : scans.length;
}
