import type { ImageCounts } from '../decode/process/index.ts';

/** The share of pictures that gave a symbol, by what read them; 1 where there were none. */
export function readShareOf({ rungs, failures }: Pick<ImageCounts, 'rungs' | 'failures'>): number {
  const [read, unread] = [sumOf(rungs), sumOf(failures)];
  return read + unread === 0 ? 1 : read / (read + unread);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, one) => total + one, 0);
}
