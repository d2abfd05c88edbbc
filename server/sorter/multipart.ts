import { ProblemError } from '../../api/index.ts';
import { excerpt } from '../../indicium/index.ts';
import { MULTIPART_BOUNDARY_CHARS_MAX, MULTIPART_HEAD_BYTES_MAX, MULTIPART_PARTS_MAX } from '../limits.ts';

export interface Part {
  readonly name: string;
  readonly bytes: Buffer;
}

const CRLF = '\r\n';
const HEAD_END = Buffer.from('\r\n\r\n');
const DASHES = Buffer.from('--');

/**
 * The parts of a multipart/form-data body that has come whole (RFC 7578; RFC 2046, clause 5.1.1), as views of it. The work
 * is a search for each of a few boundaries: a parser that goes through all parts took a second for 8 MB of empty ones.
 *
 * @throws ProblemError where it is not multipart, or is cut off.
 */
export function parseMultipart(body: Buffer, contentType: string): Part[] {
  const boundary = boundaryOf(contentType);
  const delimiter = Buffer.from(`${CRLF}--${boundary}`, 'latin1');
  // The first one may stand at the very beginning, without its line break.
  const first = delimiter.subarray(CRLF.length);
  let at = body.subarray(0, first.length).equals(first) ? first.length : afterNext(body, delimiter, 0);
  const parts: Part[] = [];
  while (!body.subarray(at, at + DASHES.length).equals(DASHES)) {
    if (parts.length >= MULTIPART_PARTS_MAX) throw refused(`more than ${MULTIPART_PARTS_MAX} parts`);
    const next = afterNext(body, delimiter, at);
    parts.push(partOf(body.subarray(at, next - delimiter.length)));
    at = next;
  }
  return parts;
}

/** The place behind the next delimiter. */
function afterNext(body: Buffer, delimiter: Buffer, from: number): number {
  const found = body.indexOf(delimiter, from);
  if (found === -1) throw refused('its end is missing');
  return found + delimiter.length;
}

/** What stands between two delimiters: padding, a line break, headers, an empty line and the contents. */
function partOf(bytes: Buffer): Part {
  const head = bytes.subarray(0, MULTIPART_HEAD_BYTES_MAX);
  const end = head.indexOf(HEAD_END);
  if (end === -1) throw refused(`a part without an empty line in its first ${MULTIPART_HEAD_BYTES_MAX} bytes`);
  const [padding = '', ...headers] = head.toString('utf8', 0, end).split(CRLF);
  if (padding.trim() !== '') throw refused('a boundary that goes on');
  const disposition = headers.find((header) => header.toLowerCase().startsWith('content-disposition:'));
  const name = parametersOf(disposition ?? '').get('name');
  if (name === undefined) throw refused('a part without a name');
  return { name, bytes: bytes.subarray(end + HEAD_END.length) };
}

/** One parameter of a header; where it is quoted, a quote within has a backslash before it. */
const PARAMETER = /;\s*([^=;\s"]+)=(?:"((?:[^"\\]|\\.)*)"|([^";\s]*))\s*/y;

/** Parameters behind the value of a header, up to the first that is invalid. */
function parametersOf(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = Math.max(header.indexOf(';'), 0);
  for (let found = PARAMETER.exec(header); found !== null; found = PARAMETER.exec(header)) {
    const [, name = '', quoted, plain = ''] = found;
    parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  }
  return parameters;
}

function boundaryOf(contentType: string): string {
  const boundary = parametersOf(contentType).get('boundary') ?? '';
  if (boundary === '') throw refused('it names no boundary');
  if (boundary.length > MULTIPART_BOUNDARY_CHARS_MAX) {
    throw refused(`a boundary of more than ${MULTIPART_BOUNDARY_CHARS_MAX} characters: ${excerpt(boundary)}`);
  }
  return boundary;
}

function refused(detail: string): ProblemError {
  return new ProblemError('bad-request', `not multipart/form-data: ${detail}`);
}
