import { FleetStream, type ImageKind, Replay } from '../../psd-sim/index.ts';
import { count, type Progress } from '../terminal.ts';

/** Which fleet franks, or which simulated day is given out again. */
export interface FleetPlan {
  readonly out: string;
  readonly psds: number;
  readonly licenses: number;
  readonly seed: number;
  readonly images: ImageKind;
  readonly workers: number;
  readonly replay?: string;
  readonly day: number;
}

/** Where lines come from. */
export interface Pieces {
  readonly take: (count: number, firstMs: number, stepMs: number, chunk: number) => Promise<string>;
  /** Chunks that are worked on ahead of time. */
  readonly ahead: number;
  readonly close: () => Promise<void>;
}

interface Chunk {
  readonly lines: string;
  readonly first: number;
  readonly count: number;
}

export interface Chunks {
  readonly total: number;
  readonly chunkPieces: number;
  /** Of the simulated time, between two pieces. */
  readonly stepMs: number;
  readonly day: number;
}

/** Pieces a minute that each PSD franks on average, at most: printers manage 600, and some PSDs have five times their share. */
const PSD_PIECES_PER_MINUTE_MAX = 100;
export const CHUNK_PIECES_MAX = 200;
/** Chunks that each thread works on ahead of time. */
const CHUNKS_AHEAD = 2;
const DAY_OPENS_MS = 8 * 3_600_000;
/** No refill is needed on the way: so many of the dearest pieces are paid for each register set. */
const REFILL_MILLS = 10_000_000_000n;

/**
 * Milliseconds of the simulated time between two pieces. By a fleet that is asked for more than its printers can print, time
 * passes faster than it does here.
 */
export function stepMsOf({ psds }: Pick<FleetPlan, 'psds'>, rate?: number): number {
  const leastMs = 60_000 / (psds * PSD_PIECES_PER_MINUTE_MAX);
  return rate === undefined ? leastMs : Math.max(leastMs, 1_000 / rate);
}

/** `imagePrefix` is what the paths of pictures start with. */
export async function openPieces(
  { replay, psds, licenses, seed, images, workers, day, out }: FleetPlan,
  imagePrefix: string,
  progress: Progress,
): Promise<Pieces> {
  if (replay !== undefined) {
    const library = await Replay.open(replay, imagePrefix);
    return { take: async (many) => library.take(many), ahead: 1, close: async () => {} };
  }
  const fleet = await FleetStream.open(
    { psds, licenses, seed, images, workers, dayMs: day, refillMills: REFILL_MILLS, imagePrefix },
    out,
    (done, total) => progress.show(`licensed ${count(done)} of ${count(total)} register sets`),
  );
  progress.done(`registry published in ${out}`);
  return {
    take: (many, firstMs, stepMs, chunk) => fleet.frank({ count: many, firstMs, stepMs }, chunk),
    ahead: CHUNKS_AHEAD * fleet.workers,
    close: () => fleet.close(),
  };
}

/** Chunks of lines in their order; those after the one that is asked for are being made meanwhile. */
export async function* chunksOf(pieces: Pieces, { total, chunkPieces, stepMs, day }: Chunks): AsyncGenerator<Chunk> {
  const queue: { readonly lines: Promise<string>; readonly first: number; readonly count: number }[] = [];
  let asked = 0;
  for (let chunk = 0; asked < total || queue.length > 0; ) {
    while (queue.length < pieces.ahead && asked < total) {
      const many = Math.min(chunkPieces, total - asked);
      const lines = pieces.take(many, day + DAY_OPENS_MS + asked * stepMs, stepMs, chunk);
      // A failing thread is noticed when its turn comes; until then nothing else may notice it first.
      lines.catch(() => {});
      queue.push({ lines, first: asked, count: many });
      asked += many;
      chunk += 1;
    }
    const next = queue.shift();
    if (next !== undefined) yield { ...next, lines: await next.lines };
  }
}
