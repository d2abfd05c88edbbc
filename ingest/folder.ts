import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { digest64, type Scan } from '../indicium/index.ts';
import { bareScan } from './bare-scan.ts';
import { BatchBuilder } from './batches.ts';
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

/**
 * A folder of images, those in folders below it included, in the order of their names.
 *
 * @throws SourceError when there is no image in it.
 */
export async function imageFolder(named: string): Promise<ScanSource> {
  const folder = await realpath(named);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && IMAGE_EXTENSIONS.has(extname(entry.name).toLowerCase()))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted();
  if (paths.length === 0) throw new SourceError(`${named}: no scans.ndjson and no images in this folder`);
  return {
    name: `folder:${folder}`,
    async *batches() {
      const builder = new BatchBuilder();
      const batch = () => ({ scans: builder.take(), position: null, unfinished: null, acknowledge: async () => {} });
      for (const path of paths) {
        if (builder.add(await scanOf(join(folder, path)))) yield batch();
      }
      if (!builder.isEmpty) yield batch();
    },
  };
}

/** The scan id is the whole path, so that two folders may hold pictures of one name; a replaced picture is another. */
async function scanOf(path: string): Promise<Scan> {
  const { size, mtimeMs } = await stat(path);
  return bareScan(path, { kind: 'image', path }, digest64(`${path} ${size} ${mtimeMs}`));
}
