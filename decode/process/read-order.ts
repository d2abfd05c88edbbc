import { readImageFile } from '../image-file.ts';
import { readImage } from '../read-image.ts';
import type { SymbolReader } from '../symbol-reader.ts';
import type { ImageAnswer, ImageOrder } from './orders.ts';

/** Reads the image that an order names. */
export async function readOrder({ path }: ImageOrder, reader: SymbolReader): Promise<ImageAnswer> {
  const startedAtMs = performance.now();
  const bytes = await readImageFile(path);
  const outcome = typeof bytes === 'string' ? { failure: bytes } : await readImage(bytes, reader);
  const readMs = performance.now() - startedAtMs;
  if ('failure' in outcome) return { failure: outcome.failure, readMs };
  const { bytes: payload, symbology, rung } = outcome.mark;
  return { bytes: payload, symbology, rung, readMs };
}
