import { readImageFile, sizedImage } from '../image-file.ts';
import { type MarkReader, readImage } from '../read-image.ts';
import type { ImageAnswer, ImageOrder } from './orders.ts';

/** Reads the image that an order names. */
export async function readOrder({ path, bytes: sent, frame }: ImageOrder, reader: MarkReader): Promise<ImageAnswer> {
  const startedAtMs = performance.now();
  const bytes = sent === undefined ? await readImageFile(path) : sizedImage(sent);
  const outcome =
    typeof bytes === 'string' ? { failure: bytes, candidates: [] } : await readImage(bytes, reader, frame);
  const readMs = performance.now() - startedAtMs;
  if ('failure' in outcome) return { failure: outcome.failure, candidates: outcome.candidates, readMs };
  const { bytes: payload, symbology, rung } = outcome.mark;
  return { bytes: payload, symbology, rung, readMs };
}
