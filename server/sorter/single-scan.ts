import type { IncomingMessage } from 'node:http';
import { ProblemError } from '../../api/index.ts';
import { excerpt, IMAGE_TYPES } from '../../indicium/index.ts';
import type { ScanOrigin } from '../../scans/index.ts';
import { type BodyShare, readBody } from '../body.ts';
import { IMAGE_BODY_BYTES_MAX, JSON_BODY_BYTES_MAX, PAYLOAD_BODY_BYTES_MAX, SCAN_VALUES_MAX } from '../limits.ts';
import { type Part, parseMultipart } from './multipart.ts';
import { recordOfHeaders } from './scan-headers.ts';
import { type ParsedFor, parseJson, type RequestedScan, requestedScan, type Spend } from './scan-request.ts';

/** Kinds of body that hold one scan, and how many bytes each may have. */
const SINGLE_SCAN_BODIES: Readonly<Record<string, number>> = {
  'application/json': JSON_BODY_BYTES_MAX,
  'multipart/form-data': IMAGE_BODY_BYTES_MAX,
  ...Object.fromEntries(IMAGE_TYPES.map(({ type }) => [type, IMAGE_BODY_BYTES_MAX])),
  'application/octet-stream': PAYLOAD_BODY_BYTES_MAX,
};

/**
 * The kind of a body, without its parameters.
 *
 * @throws ProblemError where it is compressed: its bytes would be taken for a mark.
 */
export function mediaTypeOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    throw new ProblemError(
      'unsupported-media-type',
      `bodies are not decompressed here: content-encoding ${excerpt(encoding)}`,
    );
  }
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/**
 * The scan of a request, as JSON, as multipart, or as the mark alone with the rest in headers; null when its sender went
 * away before its end.
 *
 * @throws ProblemError
 */
export async function readSingleScan(
  request: IncomingMessage,
  origin: ScanOrigin,
  share: BodyShare,
  { read, spend }: ParsedFor,
): Promise<RequestedScan | null> {
  const mediaType = mediaTypeOf(request);
  const bytesMax = SINGLE_SCAN_BODIES[mediaType];
  if (bytesMax === undefined) {
    const known = Object.keys(SINGLE_SCAN_BODIES).join(', ');
    throw new ProblemError(
      'unsupported-media-type',
      `${excerpt(mediaType) || 'no content type'}: expected one of ${known}`,
    );
  }
  if (mediaType === 'multipart/form-data') refuseForm(request);
  const body = await readBody(request, bytesMax, share);
  if (body === null) return null;
  read(body.length);
  const scanOf = (record: unknown) => spend(body.length, () => requestedScan(record, origin));
  if (mediaType === 'application/json') return scanOf(await parseJson(body, SCAN_VALUES_MAX, spend));
  if (mediaType === 'multipart/form-data') {
    const parts = spend(body.length, () => parseMultipart(body, request.headers['content-type'] ?? ''));
    return scanOf(await recordOfParts(parts, spend));
  }
  const mark = mediaType === 'application/octet-stream' ? payloadField(body) : imageField(body);
  return scanOf({ ...recordOfHeaders(request), ...mark });
}

/**
 * A page of any site may have a browser send a form, and with it the client certificate that the browser has, without being
 * asked whether it may (Fetch, CORS-safelisted request headers). No form carries a header of these, and a page that wants to
 * send one is asked. No form sends any other kind of body that is read here.
 */
function refuseForm({ headers }: IncomingMessage): void {
  const isProgram = Object.keys(headers).some((name) => name === 'authorization' || name.startsWith('indicia-'));
  if (isProgram) return;
  const detail = 'multipart/form-data without a token needs any header Indicia-…, such as Indicia-Request: 1';
  throw new ProblemError('header-missing', detail);
}

async function recordOfParts(parts: readonly Part[], spend: Spend): Promise<Record<string, unknown>> {
  const named = new Map<string, Buffer>();
  for (const { name, bytes } of parts) {
    if (named.has(name))
      throw new ProblemError('bad-request', `the part ${JSON.stringify(excerpt(name))} is there twice`);
    named.set(name, bytes);
  }
  const [scan, image, payload] = [named.get('scan'), named.get('image'), named.get('payload')];
  if (scan === undefined) throw new ProblemError('bad-request', 'there is no part "scan"');
  const record = await parseJson(scan, SCAN_VALUES_MAX, spend);
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ProblemError('bad-request', 'the part "scan" is not a JSON object');
  }
  if ('payload' in record || 'imageBase64' in record) {
    throw new ProblemError('bad-request', 'the part "scan" has a mark: it belongs into a part of its own');
  }
  return {
    ...record,
    ...(image === undefined ? {} : imageField(image)),
    ...(payload === undefined ? {} : payloadField(payload)),
  };
}

/** Bytes stay bytes: turning an image into base64 and back would cost more than hashing it. */
function imageField(bytes: Buffer) {
  return { imageBase64: bytes };
}

/** As NDJSON has it, so that a retry that comes another way is the same scan. */
function payloadField(bytes: Buffer) {
  return { payload: bytes.toString('base64') };
}
