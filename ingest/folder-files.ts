import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileFaultOf } from '../indicium/index.ts';
import { HEAD_BYTES, isPicture } from './file-kind.ts';
import { openPlainly } from './plain-file.ts';

/** What people call images, readable here or not: one that is not gets a verdict that says so. */
export const IMAGE_EXTENSIONS: ReadonlySet<string> = new Set([
  ...['.png', '.jpg', '.jpeg', '.jpe', '.jfif', '.jif', '.tif', '.tiff', '.gif', '.bmp', '.dib', '.webp'],
  ...['.svg', '.pdf', '.heic', '.heif', '.avif', '.jp2', '.jxl', '.pbm', '.pgm', '.ppm', '.pnm'],
]);

/** The bytes of a path below a folder as the file system has them, one character (latin1) each: a name need not be text. */
export type RawPath = string;

/** Why something in a folder of images is not read. */
export const NO_IMAGE = {
  'no-image': 'not an image by its name or its contents',
  'no-file': 'no regular file',
  'link-out': 'a link that leads out of the folder or to nothing',
  unreadable: 'it cannot be read',
} as const;

type FolderEntry =
  | { readonly path: RawPath; readonly isImage: true }
  | { readonly path: RawPath; readonly isImage: false; readonly why: keyof typeof NO_IMAGE };

/**
 * All that lies in a folder and in those below it. A link to something within the folder is left out: its target is there
 * under its own name. One that leads elsewhere is an image by its name, which the reader of images refuses with a reason.
 */
export async function* entriesBelow(folder: string, below: RawPath = ''): AsyncGenerator<FolderEntry, void, undefined> {
  let entries: Dirent[];
  try {
    entries = await readdir(pathOf(folder, below), { withFileTypes: true, encoding: 'latin1' });
  } catch (error) {
    fileFaultOf(error);
    yield { path: below, isImage: false, why: 'unreadable' };
    return;
  }
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* entriesBelow(folder, path);
    else if (entry.isSymbolicLink()) yield* linked(folder, path);
    else if (!entry.isFile()) yield { path, isImage: false, why: 'no-file' };
    else yield await fileAt(folder, path);
  }
}

export function pathOf(folder: string, raw: RawPath): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(raw, 'latin1')]);
}

/** The path for people; a name that is not UTF-8 shows what is in its place. */
export function shownPath(folder: string, raw: RawPath): string {
  return pathOf(folder, raw).toString('utf8');
}

async function* linked(folder: string, path: RawPath): AsyncGenerator<FolderEntry, void, undefined> {
  const target = await targetOf(pathOf(folder, path));
  const root = Buffer.from(`${folder}/`);
  const isWithin =
    target !== null && (target.subarray(0, root.length).equals(root) || target.equals(Buffer.from(folder)));
  if (isWithin) return;
  yield hasImageName(path) ? { path, isImage: true } : { path, isImage: false, why: 'link-out' };
}

/** Null for a link to nothing, and one that leads around in a circle. */
async function targetOf(path: Buffer): Promise<Buffer | null> {
  try {
    return await realpath(path, 'buffer');
  } catch (error) {
    fileFaultOf(error);
    return null;
  }
}

async function fileAt(folder: string, path: RawPath): Promise<FolderEntry> {
  if (hasImageName(path)) return { path, isImage: true };
  const file = await openPlainly(pathOf(folder, path));
  if (file === null) return { path, isImage: false, why: 'unreadable' };
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return isPicture(buffer.subarray(0, bytesRead))
      ? { path, isImage: true }
      : { path, isImage: false, why: 'no-image' };
  } finally {
    await file.close();
  }
}

function hasImageName(path: RawPath): boolean {
  return IMAGE_EXTENSIONS.has(extname(path).toLowerCase());
}
