import { hash } from 'node:crypto';
import { isAbsolute, join, normalize } from 'node:path';
import { Compile } from 'typebox/compile';
import { type Mark, SCAN_PAYLOAD_BYTES_MAX, SCAN_TEXT_CHARS_MAX } from '../indicium/index.ts';
import { IMAGES_PER_PIECE_MAX } from './limits.ts';
import { FrameShape, PayloadShape, TextShape } from './scan-shapes.ts';

const Text = Compile(TextShape);
const Payload = Compile(PayloadShape);
const Frame = Compile(FrameShape);

/** What a record says of where its mark is. */
export interface MarkFields {
  readonly payload: unknown;
  readonly image: unknown;
  readonly imageBase64: unknown;
  readonly frame: unknown;
}

/** A mark, and what tells it from another one however it was written: the same bytes in other base64 are the same. */
export interface NamedMark {
  readonly mark: Mark;
  readonly identity: readonly unknown[];
}

/** `imageFolder` is null where nobody may name files. */
export function markOf({ payload, image, imageBase64, frame }: MarkFields, imageFolder: string | null): NamedMark {
  const size = Frame.Check(frame) ? { width: frame.width, height: frame.height } : frame;
  const framing = frame === undefined ? [] : [size];
  const sent = imageBytesOf(imageBase64);
  const sentName = sent === null ? undefined : imageName(sent);
  const named = sentName ?? image;
  if (payload !== undefined) {
    const { mark, identity } = payloadMark(payload);
    return { mark, identity: [identity, named, ...framing] };
  }
  const mark =
    sent !== null && sentName !== undefined ? sentMark(sent, sentName, frame) : fileMark(image, frame, imageFolder);
  return { mark, identity: [undefined, named, ...framing] };
}

/** Text as a database can hold it. Null also for half a surrogate pair: in UTF-8 all halves become one character (U+FFFD). */
export function textOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length === 0 || !value.isWellFormed()) return null;
  // What is short in UTF-16 units is short in characters, too, which take longer to count.
  return value.length <= SCAN_TEXT_CHARS_MAX || Text.Check(value) ? value : null;
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
    const named = textOf(name);
    if (named === null) return { kind: 'none', reason: 'scan-malformed', detail: '/image is no path' };
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
  if (!Frame.Check(frame)) return { kind: 'none', reason: 'scan-malformed', detail: '/frame is no width and height' };
  return { ...image, frame: { width: frame.width, height: frame.height } };
}

/** Bytes of an image that came with its scan, in base64 or as they are; what came in their place; null where none came. */
function imageBytesOf(base64: unknown): Uint8Array | { readonly unusable: unknown } | null {
  if (base64 === undefined || base64 === null) return null;
  if (base64 instanceof Uint8Array) return base64;
  return bytesOfBase64(base64)?.bytes ?? { unusable: base64 };
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
  const payload = bytesOfBase64(base64);
  if (payload === null) {
    return { mark: { kind: 'none', reason: 'scan-malformed', detail: '/payload is not base64' }, identity: base64 };
  }
  const { bytes, identity } = payload;
  if (bytes.length > SCAN_PAYLOAD_BYTES_MAX) {
    return { mark: { kind: 'none', reason: 'payload-too-long', detail: `${bytes.length} bytes` }, identity };
  }
  return { mark: { kind: 'payload', payload: bytes }, identity };
}

/** `identity` is the one way to write these bytes; null where it is no base64. */
function bytesOfBase64(base64: unknown): { readonly bytes: Buffer; readonly identity: string } | null {
  if (typeof base64 !== 'string') return null;
  const bytes = Buffer.from(base64, 'base64');
  // Encoding it again takes a fifth of the time of the pattern, which a text that ends in other spare bits still fits.
  const identity = bytes.toString('base64');
  return identity === base64 || Payload.Check(base64) ? { bytes, identity } : null;
}
