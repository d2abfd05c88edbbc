import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { printable, printableJson } from '../indicium/index.ts';
import { arrowStream } from './arrow-output.ts';
import { QUERY_ROWS_MAX } from './limits.ts';
import { parquetFile } from './store/parquet-output.ts';
import { type Cell, type ColumnKind, QueryError, type QueryResult } from './store/query.ts';

export const QUERY_FORMATS = ['table', 'csv', 'json', 'arrow', 'parquet'] as const;
export type QueryFormat = (typeof QUERY_FORMATS)[number];

/** Writes a result: a table for people, CSV, JSON lines, an Arrow IPC stream or a Parquet file. Returns the rows written. */
export async function writeResult(result: QueryResult, format: QueryFormat, output: Writable): Promise<number> {
  let rows = 0;
  for await (const text of FORMATTERS[format](counted(result, (count) => (rows += count)))) {
    if (!output.write(text)) await once(output, 'drain');
  }
  return rows;
}

const NUMERIC: ReadonlySet<ColumnKind> = new Set(['integer', 'unsigned', 'huge', 'number']);

const FORMATTERS: Record<QueryFormat, (result: QueryResult) => AsyncIterable<string | Uint8Array>> = {
  table: tableText,
  csv: csvText,
  json: jsonText,
  arrow: arrowStream,
  parquet: parquetFile,
};

function counted(result: QueryResult, onRows: (count: number) => void): QueryResult {
  async function* chunks() {
    let total = 0;
    for await (const chunk of result.chunks) {
      total += chunk.length;
      if (total > QUERY_ROWS_MAX) throw new QueryError(`more than ${QUERY_ROWS_MAX} rows: add a LIMIT`);
      onRows(chunk.length);
      yield chunk;
    }
  }
  return { columns: result.columns, chunks: chunks() };
}

async function* tableText(result: QueryResult): AsyncGenerator<string> {
  const rows: string[][] = [];
  for await (const chunk of result.chunks)
    rows.push(...chunk.map((row) => row.map((cell) => printable(plainText(cell)))));
  const names = result.columns.map((column) => printable(column.name));
  const widths = names.map((name, index) =>
    rows.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), name.length),
  );
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, index) => {
      return NUMERIC.has(result.columns[index]?.kind ?? 'text')
        ? cell.padStart(widths[index] ?? 0)
        : cell.padEnd(widths[index] ?? 0);
    });
    return `${padded.join('  ').trimEnd()}\n`;
  };
  yield line(names);
  yield line(widths.map((width) => '-'.repeat(width)));
  for (const row of rows) yield line(row);
  yield `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})\n`;
}

async function* csvText(result: QueryResult): AsyncGenerator<string> {
  yield `${result.columns.map((column) => csvField(column.name)).join(',')}\r\n`;
  for await (const chunk of result.chunks) {
    yield chunk.map((row) => `${row.map((cell) => csvField(cell)).join(',')}\r\n`).join('');
  }
}

/**
 * Text that a spreadsheet would run as a formula gets an apostrophe in front; numbers are left as they are. What a terminal
 * would obey is escaped, also on the way into a file, which ends on a terminal or in a spreadsheet: JSON, Arrow and Parquet
 * are exact.
 */
function csvField(cell: Cell): string {
  const text = printable(plainText(cell));
  const safe = typeof cell !== 'number' && typeof cell !== 'bigint' && /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

async function* jsonText(result: QueryResult): AsyncGenerator<string> {
  const names = result.columns.map((column) => column.name);
  for await (const chunk of result.chunks) {
    yield chunk
      .map((row) => `${printableJson(Object.fromEntries(row.map((cell, index) => [names[index], jsonCell(cell)])))}\n`)
      .join('');
  }
}

/** Integers beyond 2^53 become text, since JSON numbers would lose digits. */
function jsonCell(cell: Cell): unknown {
  if (typeof cell === 'bigint') return cell.toString();
  return isList(cell) ? cell.map(jsonCell) : cell;
}

function plainText(cell: Cell): string {
  if (cell === null) return '';
  return isList(cell) ? cell.map(plainText).join(' ') : String(cell);
}

function isList(cell: Cell): cell is readonly Cell[] {
  return Array.isArray(cell);
}
