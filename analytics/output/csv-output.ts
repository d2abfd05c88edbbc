import { printable } from '../../indicium/index.ts';
import type { Cell } from '../store/cells.ts';
import type { ExactType } from '../store/queries/exact-types.ts';
import type { QueryResult } from '../store/queries/query.ts';
import { cellText } from './cell-text.ts';

/**
 * RFC 4180 but for its line ends, which are LF: fields with a comma, a quote or a line end are quoted, and so is an empty text, which
 * tells it from null. What a terminal would obey is escaped, also on the way into a file, which ends on a terminal or in a
 * spreadsheet; so is a line end within a text. JSON, Arrow and Parquet are exact.
 */
export async function* csvText(result: QueryResult): AsyncGenerator<string> {
  yield `${result.columns.map(({ name }) => csvField(name, { kind: 'text' })).join(',')}\n`;
  for await (const chunk of result.rowChunks()) {
    yield chunk
      .map((row) => `${result.columns.map(({ type }, index) => csvField(row[index] ?? null, type)).join(',')}\n`)
      .join('');
  }
}

/** What a spreadsheet runs as a formula, in its full-width forms as well. */
const FORMULA = /^[=+\-@＝＋－＠]/;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?$/;
/** What nobody can put a formula into. */
const PLAIN_KINDS: ReadonlySet<ExactType['kind']> = new Set(['integer', 'decimal', 'float', 'date', 'timestamp']);

/** Text that a spreadsheet would run gets an apostrophe in front; numbers, also those in texts, are left as they are. */
function csvField(cell: Cell, type: ExactType): string {
  if (cell === '') return '""';
  const text = printable(cellText(cell, type));
  const isSafe = PLAIN_KINDS.has(type.kind) || PLAIN_NUMBER.test(text) || !FORMULA.test(text);
  const safe = isSafe ? text : `'${text}`;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
