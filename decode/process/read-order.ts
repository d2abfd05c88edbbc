import { type FileFailure, readImageFile, sizedImage } from '../image-file.ts';
import type { MarkReader } from '../mark-reader.ts';
import { type ImageBytes, type ReadOutcome, readImage, readImages } from '../read-image.ts';
import type { ImageAnswer, ImageOrder } from './orders.ts';

/** Reads the image that an order names, or all of them together. */
export async function readOrder(order: ImageOrder, reader: MarkReader): Promise<ImageAnswer> {
  const startedAtMs = performance.now();
  const before = process.cpuUsage();
  const outcome = await (order.others === undefined ? readOne(order, reader) : readAll(order, order.others, reader));
  const { user, system } = process.cpuUsage(before);
  const spent = { readMs: performance.now() - startedAtMs, processorMs: (user + system) / 1_000 };
  const noted = outcome.note === undefined ? spent : { ...spent, note: outcome.note };
  if ('failure' in outcome) return { failure: outcome.failure, candidates: outcome.candidates, ...noted };
  const { bytes: payload, symbology, rung } = outcome.mark;
  return { bytes: payload, symbology, rung, ...noted };
}

type Outcome =
  | ReadOutcome
  | { readonly failure: FileFailure; readonly candidates: readonly []; readonly note?: undefined };

async function readOne({ path, within, bytes: sent, frame }: ImageOrder, reader: MarkReader): Promise<Outcome> {
  const bytes = sent === undefined ? readImageFile(path, within) : sizedImage(sent);
  return typeof bytes === 'string' ? { failure: bytes, candidates: [] } : readImage(bytes, reader, frame);
}

/** A file that cannot be used is news only where the others do not give the mark. */
async function readAll(
  { path, within, frame }: ImageOrder,
  others: readonly string[],
  reader: MarkReader,
): Promise<Outcome> {
  const images: ImageBytes[] = [];
  let failure: FileFailure | undefined;
  for (const name of [path, ...others]) {
    const bytes = readImageFile(name, within);
    if (typeof bytes === 'string') failure ??= bytes;
    else images.push(frame === undefined ? { bytes } : { bytes, frame });
  }
  const outcome = await readImages(images, reader);
  return 'mark' in outcome || failure === undefined ? outcome : { failure, candidates: [] };
}
