import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { CHUNK_PIECES_MAX, chunksOf, stepMsOf } from '../commands/load/fleet-pieces.ts';
import { FleetStream } from '../psd-sim/index.ts';

/** Of a middle-sized post: the first file is its day. */
export const DAY_PIECES = 1_000_000;
const PSDS = 200;
const LICENSES = 150;
const DAY_MS = Date.UTC(2026, 10, 20);
const REFILL_MILLS = 10_000_000_000n;
/** Of each thread that franks, while the chunks before them are written. */
const CHUNKS_AHEAD = 2;

/** Mailpieces that nobody has seen yet, a day's in each file, with their registry in folder/registry. */
export async function frankedPayloads(folder: string, pieces: number): Promise<string[]> {
  const workers = availableParallelism();
  const plan = { psds: PSDS, licenses: LICENSES, seed: 1, images: 'none', dayMs: DAY_MS, imagePrefix: '' } as const;
  const fleet = await FleetStream.open({ ...plan, workers, refillMills: REFILL_MILLS }, folder);
  const source = {
    take: (count: number, firstMs: number, stepMs: number, chunk: number) =>
      fleet.frank({ count, firstMs, stepMs }, chunk),
    ahead: CHUNKS_AHEAD * workers,
    close: () => fleet.close(),
  };
  const files: string[] = [];
  try {
    for (let first = 0; first < pieces; first += DAY_PIECES) {
      const total = Math.min(DAY_PIECES, pieces - first);
      const path = join(folder, `payloads-${files.length + 1}.ndjson`);
      const file = await open(path, 'w');
      // The clock of the fleet goes on from file to file.
      const day = DAY_MS + first * stepMsOf(plan);
      const chunks = { total, chunkPieces: CHUNK_PIECES_MAX, stepMs: stepMsOf(plan), day };
      for await (const { lines } of chunksOf(source, chunks)) await file.write(lines);
      await file.close();
      files.push(path);
    }
  } finally {
    await source.close();
  }
  return files;
}
