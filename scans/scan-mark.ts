import { hash } from 'node:crypto';
import { isAbsolute, join, normalize } from 'node:path';
import { bytesOfBase64, type Mark, SCAN_PAYLOAD_BYTES_MAX } from '../indicium/index.ts';
import { IMAGES_PER_PIECE_MAX, PAYLOAD_BASE64_CHARS_MAX } from './limits.ts';
import { isFrame, isShortText } from './scan-values.ts';

/** What a record says of where its mark is. */
export interface MarkFields {
  readonly payload: unknown;
  readonly image: unknown;
  readonly imageBase64: unknown;
  readonly frame: unknown;
}

/** A mark, and what tells it from another one however it was written: the same bytes in other base64 are the same. */
interface NamedMark {
  readonly mark: Mark;
  readonly identity: readonly unknown[];
  /** Fields that were not read, since the mark is from another one; of bytes, what they are known by. */
  readonly unread: Readonly<Record<string, unknown>>;
}

/** `imageFolder` is null where nobody may name files. */
export function markOf({ payload, image, imageBase64, frame }: MarkFields, imageFolder: string | null): NamedMark {
  const size = isFrame(frame) ? { width: frame.width, height: frame.height } : frame;
  const framing = frame === undefined ? [] : [size];
  const sent = imageBytesOf(imageBase64);
  const sentName = sent === null ? undefined : imageName(sent);
  const named = sentName ?? image;
  const unreadImage = image === undefined ? {} : { image };
  if (payload !== undefined) {
    const { mark, identity } = payloadMark(payload);
    const unread = { ...(sentName !== undefined && { imageBase64: sentName }), ...(frame !== undefined && { frame }) };
    const beside = { identity: [identity, named, ...framing] };
    const file = fileMark(image, undefined, imageFolder);
    if (mark.kind !== 'payload' || file.kind !== 'image') {
      return { ...beside, mark, unread: { ...unread, ...unreadImage } };
    }
    return { ...beside, mark: { ...mark, picture: file.path }, unread };
  }
  const identity = [undefined, named, ...framing];
  if (sent === null || sentName === undefined) {
    return { mark: fileMark(image, frame, imageFolder), identity, unread: {} };
  }
  return { mark: sentMark(sent, sentName, frame), identity, unread: unreadImage };
}

/** Text as a database can hold it. Null also for half a surrogate pair: in UTF-8 all halves become one character (U+FFFD). */
export function storableText(value: unknown): string | null {
  return typeof value === 'string' && isShortText(value) && value.isWellFormed() ? value : null;
}

function fileMark(image: unknown, frame: unknown, imageFolder: string | null): Mark {
  if (image === undefined) {
    return { kind: 'none', reason: 'scan-incomplete', detail: 'neither payload nor image' };
  }
  const names = Array.isArray(image) ? image : [image];
  if (names.length === 0 || names.length > IMAGES_PER_PIECE_MAX) {
    return { kind: 'none', reason: 'scan-malformed', detail: `/image names not 1 to ${IMAGES_PER_PIECE_MAX} files` };
  }
  const paths: string[] = [];
  for (const name of names) {
    const named = storableText(name);
    if (named === null) return { kind: 'none', reason: 'scan-malformed', detail: '/image is not a path' };
    if (imageFolder === null) return { kind: 'none', reason: 'image-refused', detail: `a file is named: ${named}` };
    const path = normalize(named);
    if (isAbsolute(path) || path === '..' || path.startsWith('../')) {
      return { kind: 'none', reason: 'image-refused', detail: `outside the folder of the scans: ${named}` };
    }
    paths.push(join(imageFolder, path));
  }
  const [path = '', ...others] = paths;
  return framed({ kind: 'image', path, ...(others.length === 0 ? {} : { others }) }, frame);
}

function framed(image: Extract<Mark, { kind: 'image' }>, frame: unknown): Mark {
  if (frame === undefined) return image;
  if (!isFrame(frame)) return { kind: 'none', reason: 'scan-malformed', detail: '/frame is not a width and height' };
  return { ...image, frame: { width: frame.width, height: frame.height } };
}

/** Bytes of an image that came with its scan, in base64 or as they are; what came in their place; null where none came. */
function imageBytesOf(base64: unknown): Uint8Array | { readonly unusable: unknown } | null {
  if (base64 === undefined || base64 === null) return null;
  if (base64 instanceof Uint8Array) return base64;
  const sent = typeof base64 === 'string' ? bytesOfBase64(base64) : null;
  return sent?.bytes ?? { unusable: boundedIdentity(base64) };
}

/** Known by its contents, however they came. */
function imageName(sent: Uint8Array | { readonly unusable: unknown }): string {
  return sent instanceof Uint8Array ? `sha256:${hash('sha256', sent)}` : JSON.stringify(sent);
}

function sentMark(sent: Uint8Array | { readonly unusable: unknown }, path: string, frame: unknown): Mark {
  if (sent instanceof Uint8Array) return framed({ kind: 'image', path, bytes: sent }, frame);
  return { kind: 'none', reason: 'scan-malformed', detail: '/imageBase64 is not base64' };
}

function payloadMark(base64: unknown): { readonly mark: Mark; readonly identity: unknown } {
  const payload = typeof base64 === 'string' ? bytesOfBase64(base64) : null;
  if (payload === null) {
    const mark = { kind: 'none', reason: 'scan-malformed', detail: '/payload is not base64' } as const;
    return { mark, identity: boundedIdentity(base64) };
  }
  const { bytes, canonical } = payload;
  if (bytes.length > SCAN_PAYLOAD_BYTES_MAX) {
    const mark = { kind: 'none', reason: 'payload-too-long', detail: `${bytes.length} bytes` } as const;
    return { mark, identity: boundedIdentity(canonical) };
  }
  return { mark: { kind: 'payload', payload: bytes }, identity: canonical };
}

/**
 * What tells an unusable value from another one: itself where it is short, else a SHA-256 of it. A digest over
 * megabytes of it, written as JSON twice, held the main thread up for 60 ms.
 */
function boundedIdentity(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.length <= PAYLOAD_BASE64_CHARS_MAX ? value : { sha256OfText: hash('sha256', value) };
  }
  return typeof value === 'object' ? { sha256OfJson: hash('sha256', JSON.stringify(value)) } : value;
}
