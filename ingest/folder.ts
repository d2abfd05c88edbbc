import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { digest64, type Mark, type Scan } from '../indicium/index.ts';
import { bareScan } from './bare-scan.ts';
import { BatchBuilder } from './batches.ts';
import { absent } from './plain-file.ts';
import { type ScanSource, SourceError } from './source.ts';

/** What people call images, readable here or not: one that is not gets a verdict that says so. */
export const IMAGE_EXTENSIONS = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.tif',
  '.tiff',
  '.svg',
  '.gif',
  '.bmp',
  '.webp',
  '.pdf',
]);

/** The bytes of a path as the file system has them, one character (latin1) each: a name need not be text. */
type RawPath = string;

/**
 * A folder of images, those in folders below it included, in the order of their names. Links are not followed, and are no
 * images: what they lead to is taken under its own name, or lies elsewhere.
 *
 * @throws SourceError when there is no image in it.
 */
export async function imageFolder(named: string): Promise<ScanSource> {
  const folder = await realpath(named);
  const paths = (await Array.fromAsync(imagesBelow(folder, ''))).toSorted();
  if (paths.length === 0) throw new SourceError(`${named}: no scans.ndjson and no images in this folder`);
  return {
    name: `folder:${folder}`,
    async *batches() {
      const builder = new BatchBuilder();
      const batch = () => ({ scans: builder.take(), position: null, unfinished: null, acknowledge: async () => {} });
      for (const path of paths) {
        if (builder.add(await scanOf(folder, path))) yield batch();
      }
      if (!builder.isEmpty) yield batch();
    },
  };
}

async function* imagesBelow(folder: string, below: RawPath): AsyncGenerator<RawPath, void, undefined> {
  for (const entry of await readdir(pathOf(folder, below), { withFileTypes: true, encoding: 'latin1' })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* imagesBelow(folder, path);
    else if (entry.isFile() && IMAGE_EXTENSIONS.has(extname(entry.name).toLowerCase())) yield path;
  }
}

function pathOf(folder: string, raw: RawPath): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(raw, 'latin1')]);
}

/** The scan id is the whole path, so that two folders may hold pictures of one name; a replaced picture is another. */
async function scanOf(folder: string, raw: RawPath): Promise<Scan> {
  const found = await stat(pathOf(folder, raw)).catch(absent);
  const version = found === null ? 'gone' : `${found.size} ${found.mtimeMs}`;
  const name = Buffer.from(raw, 'latin1');
  if (!isUtf8(name)) {
    // As text, two such names could be one.
    const id = `${folder}/!${hash('sha256', name).slice(0, 16)}`;
    const mark: Mark = { kind: 'none', reason: 'image-refused', detail: 'the name of the file is not UTF-8' };
    return bareScan(id, mark, digest64(`${id} ${version}`));
  }
  const path = join(folder, name.toString('utf8'));
  return bareScan(path, { kind: 'image', path, within: folder }, digest64(`${path} ${version}`));
}
