import { SCAN_HEADERS, type ScanRequest } from '../api/index.ts';
import { digest64, imageTypeOf } from '../indicium/index.ts';

/** A scan as a program has it: the fields of an NDJSON line, with the mark as bytes. */
export type SorterScan = Omit<ScanRequest, 'payload' | 'imageBase64'> & {
  /** Bytes of the symbol, where the sorter read it itself. */
  readonly payload?: Uint8Array;
  /** Bytes of a PNG, JPEG, TIFF, WebP, GIF or BMP file, or of a grey frame whose size `frame` says. */
  readonly image?: Uint8Array;
  /** Fields that are kept with the scan. */
  readonly extra?: Readonly<Record<string, unknown>>;
};

/** How a scan travels. `json` has bytes in base64; `raw` has them as they are, with the fields in headers. */
export const ENCODINGS = ['json', 'multipart', 'raw'] as const;
export type Encoding = (typeof ENCODINGS)[number];

interface ScanBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

const OCTETS = 'application/octet-stream';

/** What is smallest: a picture as it is, where headers can say all the rest, otherwise in a part of its own. */
export function bestEncoding(scan: SorterScan): Encoding {
  if (scan.image === undefined || scan.payload !== undefined) return 'json';
  const isPlain = [...SCAN_HEADERS.keys()].every((name) => /^[\x21-\x7e]*$/.test(String(fieldOf(scan, name) ?? '')));
  return isPlain && scan.extra === undefined && imageType(scan.image) !== OCTETS ? 'raw' : 'multipart';
}

/**
 * A scan with both a payload and an image is sent as JSON in any case, so that the server says what is wrong with it;
 * an image that does not say what it is goes in a part of its own, since raw bytes would be taken for a payload.
 */
export function scanBody(scan: SorterScan, encoding: Encoding): ScanBody {
  const { payload, image } = scan;
  const isBoth = payload !== undefined && image !== undefined;
  if (encoding === 'json' || isBoth) return { headers: { 'content-type': 'application/json' }, body: scanLine(scan) };
  const isRaw = encoding === 'raw' && (image === undefined || imageType(image) !== OCTETS);
  return isRaw ? rawBody(scan) : multipartBody(scan);
}

/** A scan as one line of NDJSON, without its newline. */
export function scanLine(scan: SorterScan): string {
  const { payload, image } = scan;
  return JSON.stringify({
    ...describing(scan),
    ...(payload === undefined ? {} : { payload: base64(payload) }),
    ...(image === undefined ? {} : { imageBase64: base64(image) }),
  });
}

function describing({ payload, image, extra, ...fields }: SorterScan): Record<string, unknown> {
  return { ...extra, ...fields };
}

function rawBody(scan: SorterScan): ScanBody {
  const headers: Record<string, string> = { 'content-type': scan.image === undefined ? OCTETS : imageType(scan.image) };
  for (const [name, header] of SCAN_HEADERS) {
    const value = fieldOf(scan, name);
    if (value !== undefined) headers[header] = String(value);
  }
  return { headers, body: bufferOf(scan.image ?? scan.payload) };
}

function multipartBody(scan: SorterScan): ScanBody {
  const bytes = bufferOf(scan.image ?? scan.payload);
  const text = JSON.stringify(describing(scan));
  // What the bytes hold cannot be known; that they hold a digest of themselves need not be feared.
  const boundary = `indicia-${digest64(bytes).toString(16)}-${digest64(text).toString(16)}`;
  const [name, type] = scan.image === undefined ? ['payload', OCTETS] : ['image', imageType(scan.image)];
  const before =
    `--${boundary}\r\nContent-Disposition: form-data; name="scan"\r\nContent-Type: application/json\r\n\r\n${text}\r\n` +
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
  return {
    // Where there is no token, it shows that no web page sent it.
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'indicia-request': '1' },
    body: Buffer.concat([Buffer.from(before), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

function fieldOf(scan: SorterScan, name: string): unknown {
  return Object.entries(scan).find(([field]) => field === name)?.[1];
}

function bufferOf(mark: Uint8Array | undefined): Buffer {
  return mark === undefined ? Buffer.alloc(0) : Buffer.from(mark.buffer, mark.byteOffset, mark.byteLength);
}

function base64(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64');
}

/** By its first bytes; a grey frame has none that say what it is. */
function imageType(image: Uint8Array): string {
  return imageTypeOf(image) ?? OCTETS;
}
