import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digest64, type Mark, plural, type Scan } from '../indicium/index.ts';
import { bareScan, type ScanSource, SourceError } from '../scans/index.ts';
import { BatchBuilder } from './batches.ts';
import { entriesBelow, NO_IMAGE, pathOf, type RawPath, shownPath } from './folder-files.ts';
import { FOLDER_NOTICES_MAX } from './limits.ts';
import { absent } from './plain-file.ts';

/**
 * A folder of images, those in folders below it included, in the order of their names. Anything else in it is named in
 * the notices of the first batch. A link is left out where its target also lies in the folder: it is one picture.
 *
 * @throws SourceError when there is no image in it.
 */
export async function imageFolder(named: string): Promise<ScanSource> {
  const folder = await realpath(named);
  const { paths, others } = await imagesOf(folder);
  if (paths.length === 0) {
    const instead = others.length === 0 ? 'it is empty' : others.join('; ');
    throw new SourceError(`${named}: no scans.ndjson and no images in this folder: ${instead}`);
  }
  return {
    name: `folder:${folder}`,
    async *batches() {
      const builder = new BatchBuilder();
      let notices: readonly string[] = others;
      const batch = () => {
        const told = notices;
        notices = [];
        return { scans: builder.take(), position: null, notices: told, acknowledge: async () => {} };
      };
      for (const path of paths) {
        if (builder.add(await scanOf(folder, path))) yield batch();
      }
      if (!builder.isEmpty) yield batch();
    },
  };
}

/**
 * Images in the order of their names, and a sentence for each of the others, of which FOLDER_NOTICES_MAX are named. Frames of
 * cameras are images no matter what they are called and hold.
 */
async function imagesOf(
  folder: string,
  areFrames = false,
): Promise<{ readonly paths: RawPath[]; readonly others: string[] }> {
  const paths: RawPath[] = [];
  const others: string[] = [];
  let unnamed = 0;
  for await (const entry of entriesBelow(folder)) {
    if (entry.isImage || (areFrames && entry.why === 'no-image')) paths.push(entry.path);
    else if (others.length === FOLDER_NOTICES_MAX) unnamed += 1;
    else others.push(`${shownPath(folder, entry.path)}: not read: ${NO_IMAGE[entry.why]}`);
  }
  others.sort();
  if (unnamed > 0) others.push(`${folder}: not read, since not images: ${plural(unnamed, 'more file')}`);
  return { paths: paths.toSorted(), others };
}

/**
 * Paths of the images in a folder and below it, each under the name that it was given by.
 *
 * @throws SourceError when there is none.
 */
export async function filesOfFolder(
  named: string,
  areFrames: boolean,
): Promise<{ readonly files: string[]; readonly others: string[] }> {
  const { paths, others } = await imagesOf(named, areFrames);
  const files: string[] = [];
  for (const raw of paths) {
    const name = Buffer.from(raw, 'latin1');
    if (isUtf8(name)) files.push(join(named, name.toString('utf8')));
    else others.push(`${shownPath(named, raw)}: not read: its name is not UTF-8`);
  }
  if (files.length === 0) throw new SourceError([`${named}: no images in this folder`, ...others].join('; '));
  return { files, others };
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
