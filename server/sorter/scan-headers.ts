import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ProblemError, SCAN_HEADERS } from '../../api/index.ts';

const NUMBERS: ReadonlySet<string> = new Set(['weightGrams', 'deadlineMs']);

/**
 * The record of a scan from headers, in which other than ASCII letters are UTF-8.
 *
 * @throws ProblemError where a header comes twice, since one of them would be dropped, or is not UTF-8, since different
 * texts would become the same.
 */
export function recordOfHeaders({
  headersDistinct,
}: Pick<IncomingMessage, 'headersDistinct'>): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [field, header] of SCAN_HEADERS) {
    const [value, another] = headersDistinct[header] ?? [];
    if (value === undefined) continue;
    if (another !== undefined) throw new ProblemError('bad-request', `the header ${header} is there more than once`);
    const bytes = Buffer.from(value, 'latin1');
    if (!isUtf8(bytes)) throw new ProblemError('bad-request', `the header ${header} is not UTF-8`);
    const text = bytes.toString('utf8');
    record[field] = NUMBERS.has(field) && /^\d{1,15}$/.test(text) ? Number(text) : text;
  }
  return record;
}
