import { isUtf8 } from 'node:buffer';
import { DuplicateKeyError, excerpt, IMAGE_TYPES } from '../../../indicium/index.ts';
import { isBlank, isObject, parseRecord } from '../../../scans/index.ts';
import type { StoredMessage } from '../client-port.ts';
import { SCAN_HEADER_BYTES_MAX, SCAN_MESSAGE_BYTES_MAX, SCAN_MESSAGE_LINES_MAX } from '../limits.ts';
import { EVENT_TYPES, headerText } from './cloud-events.ts';
import type { DeadLetterReason } from './dead-letter.ts';

/** Lines without their newlines, none of them blank; or a picture with the fields of its scan, as JSON text. */
export type ScanMessage =
  | { readonly kind: 'lines'; readonly lines: readonly Buffer[] }
  | { readonly kind: 'image'; readonly fields: Readonly<Record<string, unknown>>; readonly extension: string };

export const LINES_CONTENT_TYPE = 'application/x-ndjson';

/** The header that holds the fields of a scan whose picture is the message. */
export const SCAN_HEADER = 'scan';

const LINES_TYPES: ReadonlySet<string> = new Set([LINES_CONTENT_TYPE, 'application/json', 'application/jsonl']);

/** Raw 8-bit grey frames have no magic; their scan says how large they are. */
export const IMAGE_EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ...IMAGE_TYPES.map(({ type, extension }) => [type, extension] as const),
  ['application/octet-stream', 'grey'],
]);

const SCAN_TYPES: ReadonlySet<string> = new Set([EVENT_TYPES.scans, EVENT_TYPES.image]);

/** What a message of the topic of scans holds, or why nothing can be made of it. */
export function readScanMessage({ value, headers }: StoredMessage): ScanMessage | DeadLetterReason {
  if (value === null) return { code: 'null-value', detail: 'a message without a value' };
  if (value.length > SCAN_MESSAGE_BYTES_MAX) {
    return { code: 'too-large', detail: `${value.length} bytes, at most ${SCAN_MESSAGE_BYTES_MAX}` };
  }
  const type = headerText(headers, 'ce_type');
  if (type?.startsWith('indicia.') && !SCAN_TYPES.has(type)) return { code: 'unknown-version', detail: excerpt(type) };
  const [contentType = ''] = (headerText(headers, 'content-type') ?? LINES_CONTENT_TYPE).split(';');
  const extension = IMAGE_EXTENSIONS.get(contentType.trim());
  if (extension !== undefined) {
    const header = headers[SCAN_HEADER];
    if (header !== undefined && !isUtf8(Buffer.from(header))) return { code: 'bad-scan-fields', detail: 'not UTF-8' };
    return imageMessage(headerText(headers, SCAN_HEADER), extension);
  }
  if (!LINES_TYPES.has(contentType.trim())) return { code: 'unknown-content-type', detail: excerpt(contentType) };
  const lines = linesOf(contentType.trim() === 'application/json' ? oneLine(value) : value);
  if (lines === null) return { code: 'too-large', detail: `more than ${SCAN_MESSAGE_LINES_MAX} lines` };
  return lines.length === 0 ? { code: 'empty-value', detail: 'no lines' } : { kind: 'lines', lines };
}

function imageMessage(header: string | null, extension: string): ScanMessage | DeadLetterReason {
  if (header === null) return { code: 'bad-scan-fields', detail: `a picture without the header ${SCAN_HEADER}` };
  if (header.length > SCAN_HEADER_BYTES_MAX) return { code: 'bad-scan-fields', detail: 'longer than any scan' };
  let fields: unknown;
  try {
    fields = parseRecord(header);
  } catch (error) {
    const detail = error instanceof DuplicateKeyError ? error.message : 'not JSON';
    return { code: 'bad-scan-fields', detail };
  }
  if (!isObject(fields)) return { code: 'bad-scan-fields', detail: 'not a JSON object' };
  return { kind: 'image', fields, extension };
}

const NEWLINE = 0x0a;

/** Null where there are too many. */
function linesOf(value: Buffer): Buffer[] | null {
  const lines: Buffer[] = [];
  let start = 0;
  for (let count = 0; start < value.length; count++) {
    if (count >= SCAN_MESSAGE_LINES_MAX) return null;
    const found = value.indexOf(NEWLINE, start);
    const end = found === -1 ? value.length : found;
    const line = value.subarray(start, end);
    if (!isBlank(line)) lines.push(line);
    start = end + 1;
  }
  return lines;
}

/** JSON may be written over several lines, and no text of it holds a bare newline. */
function oneLine(value: Buffer): Buffer {
  return Buffer.from(value.map((byte) => (byte === NEWLINE ? 0x20 : byte)));
}
