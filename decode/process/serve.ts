import { setPriority } from 'node:os';
import type { ImageAnswer, ImageOrder } from './orders.ts';

/** Sent once, when the process can read. */
export const READY = 'ready';

/**
 * Below the threads that verify and record: a payload takes 0.05 ms and an image 20, so that images read at the same priority
 * made every payload beside them wait 1.5 times as long. What the others leave is theirs.
 */
const NICENESS = 10;

/**
 * The inside of a reading process: one image after another, in the order they came, so that its parent knows
 * which image it is at. Ends when its parent does.
 */
export function serveImages(read: (order: ImageOrder) => Promise<ImageAnswer>): void {
  setPriority(NICENESS);
  let last = Promise.resolve();
  process.on('message', (order: ImageOrder) => {
    // A failure that is not the image's own ends the process: the parent retries, then names it.
    last = last.then(async () => void process.send?.(await read(order)));
  });
  // A signal to all processes of the program is meant to let it finish what it has read.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  process.on('disconnect', () => process.exit());
  process.send?.(READY);
}
