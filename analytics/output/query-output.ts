import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { missing, printable, printableJson } from '../../indicium/index.ts';
import { STORE_MEMORY, TABLE_WIDTH_ROWS } from '../limits.ts';
import type { ExactType } from '../store/queries/exact-types.ts';
import { parquetFile } from '../store/queries/parquet-output.ts';
import type { QueryResult } from '../store/queries/query.ts';
import { cellText, jsonValue } from './cell-text.ts';
import { csvText } from './csv-output.ts';

export const QUERY_FORMATS = ['table', 'csv', 'ndjson', 'json', 'arrow', 'parquet', 'xlsx'] as const;
export type QueryFormat = (typeof QUERY_FORMATS)[number];

/** What no terminal can show. */
export const BINARY_FORMATS: ReadonlySet<QueryFormat> = new Set(['arrow', 'parquet', 'xlsx']);

interface WriteOptions {
  /** DuckDB's own memory for making a file of Parquet. */
  readonly memory?: string;
  /** No further chunk of rows is written after so many bytes. */
  readonly bytesMax?: number;
  /** Ends the writing once it is aborted, and the wait for a slow reader. */
  readonly stopped?: AbortSignal;
}

/**
 * Writes an answer: a table for people, CSV, JSON lines (`ndjson`, or by its older name `json`), an Arrow IPC stream, a Parquet
 * file or an Excel workbook. Waits where the reader is slower, and holds no more than the format needs. Returns the rows
 * written.
 *
 * @throws QueryError where the query fails, or has a value or more rows than the format has room for.
 */
export async function writeResult(
  result: QueryResult,
  format: QueryFormat,
  output: Writable,
  { memory = STORE_MEMORY, bytesMax = Number.POSITIVE_INFINITY, stopped }: WriteOptions = {},
): Promise<number> {
  let bytes = 0;
  for await (const text of FORMATTERS[format](result, memory)) {
    stopped?.throwIfAborted();
    if (!output.write(text)) await once(output, 'drain', stopped === undefined ? {} : { signal: stopped });
    bytes += typeof text === 'string' ? Buffer.byteLength(text) : text.byteLength;
    if (bytes >= bytesMax) result.cut();
  }
  return result.rows;
}

type Formatter = (result: QueryResult, memory: string) => AsyncIterable<string | Uint8Array>;

const FORMATTERS: Record<QueryFormat, Formatter> = {
  table: tableText,
  csv: csvText,
  ndjson: jsonText,
  json: jsonText,
  arrow: loadedWhenUsed(async () => (await import('./arrow-output.ts')).arrowStream),
  parquet: parquetFile,
  xlsx: loadedWhenUsed(async () => (await import('./xlsx-output.ts')).xlsxFile),
};

/** The library of Arrow alone takes 0.13 s to load, in every process that has to do with a store. */
function loadedWhenUsed(load: () => Promise<Formatter>): Formatter {
  return async function* format(...given) {
    const formatter = await load();
    yield* formatter(...given);
  };
}

const NUMERIC: ReadonlySet<ExactType['kind']> = new Set(['integer', 'decimal', 'float']);

/** Columns are as wide as their first rows need; longer cells of later rows stand out, so that a long answer is not held. */
async function* tableText(result: QueryResult): AsyncGenerator<string> {
  const { columns } = result;
  const names = columns.map((column) => printable(column.name));
  const widths = names.map((name) => name.length);
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, index) => {
      return NUMERIC.has(columns[index]?.type.kind ?? 'text')
        ? cell.padStart(widths[index] ?? missing('widths'))
        : cell.padEnd(widths[index] ?? missing('widths'));
    });
    return `${padded.join('  ').trimEnd()}\n`;
  };
  const head = () => `${line(names)}${line(widths.map((width) => '-'.repeat(width)))}`;
  let first: string[][] | null = [];
  for await (const chunk of result.rowChunks()) {
    const rows = chunk.map((row) => columns.map(({ type }, index) => printable(cellText(row[index] ?? null, type))));
    if (first === null) {
      yield rows.map(line).join('');
      continue;
    }
    for (const row of rows) {
      first.push(row);
      for (const [index, cell] of row.entries())
        widths[index] = Math.max(widths[index] ?? missing('widths'), cell.length);
    }
    if (first.length < TABLE_WIDTH_ROWS) continue;
    yield `${head()}${first.map(line).join('')}`;
    first = null;
  }
  if (first !== null) yield `${head()}${first.map(line).join('')}`;
  const rows = await result.countAll();
  const shown = result.rows === rows ? rows : `${result.rows} of ${rows}`;
  yield `(${shown} ${rows === 1 ? 'row' : 'rows'})\n`;
}

async function* jsonText(result: QueryResult): AsyncGenerator<string> {
  for await (const chunk of result.rowChunks()) {
    yield chunk
      .map((row) => {
        const entries = result.columns.map(({ name, type }, index) => [name, jsonValue(row[index] ?? null, type)]);
        return `${printableJson(Object.fromEntries(entries))}\n`;
      })
      .join('');
  }
}
