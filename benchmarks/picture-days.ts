import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { simulate } from '../psd-sim/index.ts';

const COMMON = { psds: 60, licenses: 40, frauds: [], dayMs: Date.UTC(2026, 10, 20) } as const;

/** A simulated day in a folder of that name, the same for the same seed. */
export async function simulatedDay(
  folder: string,
  pieces: number,
  images: 'none' | 'crops' | 'faces',
  seed = 7,
): Promise<string> {
  await simulate({ ...COMMON, seed, pieces, images }, folder);
  return folder;
}

type Convert = (image: Sharp) => Sharp;

export const toJpeg: Convert = (image) => image.jpeg({ quality: 85 });
/** As archives keep faces: one bit a pixel, ITU-T T.6. */
export const toG4: Convert = (image) =>
  image.toColourspace('b-w').threshold(128).tiff({ compression: 'ccittfax4', bitdepth: 1 });

/** The same day beside it, with its pictures in another format. */
export async function converted(day: string, extension: 'jpg' | 'tif', convert: Convert): Promise<string> {
  const folder = `${day}-${extension}`;
  await mkdir(join(folder, 'images'), { recursive: true });
  await cp(join(day, 'registry'), join(folder, 'registry'), { recursive: true });
  for (const file of await readdir(join(day, 'images'))) {
    const to = join(folder, 'images', `${parse(file).name}.${extension}`);
    // From memory: decode/ allows no loader that opens files.
    await convert(sharp(await readFile(join(day, 'images', file)))).toFile(to);
  }
  const scans = await readFile(join(day, 'scans.ndjson'), 'utf8');
  await writeFile(join(folder, 'scans.ndjson'), scans.replaceAll(/\.(png|jpg|tif)"/g, `.${extension}"`));
  return folder;
}

/** Leaves out of a day the scans of pictures that cannot be read. */
export async function withoutScans(day: string, unread: ReadonlySet<string>): Promise<void> {
  const path = join(day, 'scans.ndjson');
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const kept = lines.filter((line) => !unread.has(JSON.parse(line).scanId));
  await writeFile(path, `${kept.join('\n')}\n`);
}
