import { createHash } from 'node:crypto';
import { IMAGE_EXTENSIONS } from '../folder-files.ts';
import { DROP_NAME_BYTES_MAX } from './limits.ts';

/**
 * The bytes of a name as a file system has them, one character (latin1) each: a name need not be text.
 * `pathOf` and `keptStem` are the ways out.
 */
export type RawName = string;

export const SIDECAR_EXTENSION = '.json';

/** Begins the names that are given to files whose own cannot be used. */
const RENAMED = '!';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function pathOf(folder: string, raw: RawName): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(raw, 'latin1')]);
}

/** `.png` of `a.PNG`; the empty text where there is none. Names that begin with a dot are of files in the making. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot);
}

export function stemOf(name: string): string {
  return name.slice(0, name.length - extensionOf(name).length);
}

export function isImageName(name: string): boolean {
  return !name.startsWith('.') && IMAGE_EXTENSIONS.has(extensionOf(name).toLowerCase());
}

export function isSidecarName(name: string): boolean {
  return !name.startsWith('.') && extensionOf(name) === SIDECAR_EXTENSION;
}

/**
 * The name under which a file is kept: its own, if that is text that can be shown, typed and added to. Else one that is
 * made from its bytes, the same each time, which says nothing of a scan.
 */
export function keptStem(rawStem: RawName): string {
  const bytes = Buffer.from(rawStem, 'latin1');
  const text = fileNameText(bytes);
  if (text !== null && bytes.length <= DROP_NAME_BYTES_MAX && isPlain(text)) return text;
  return `${RENAMED}${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

export function isRenamed(stem: string): boolean {
  return stem.startsWith(RENAMED);
}

function fileNameText(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Without control characters, characters that turn the direction of text, and what marks a renamed file. */
function isPlain(text: string): boolean {
  return !text.startsWith(RENAMED) && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
}
