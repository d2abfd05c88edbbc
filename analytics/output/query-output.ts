import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { missing, printable, printableJson } from '../../indicium/index.ts';
import { QUERY_ROWS_MAX, SHEET_ROWS_MAX } from '../limits.ts';
import type { ExactType } from '../store/queries/exact-types.ts';
import { parquetFile } from '../store/queries/parquet-output.ts';
import type { QueryResult } from '../store/queries/query.ts';
import { cellText, jsonValue } from './cell-text.ts';
import { csvText } from './csv-output.ts';

export const QUERY_FORMATS = ['table', 'csv', 'json', 'arrow', 'parquet', 'xlsx'] as const;
export type QueryFormat = (typeof QUERY_FORMATS)[number];

/** What no terminal can show. */
export const BINARY_FORMATS: ReadonlySet<QueryFormat> = new Set(['arrow', 'parquet', 'xlsx']);

/**
 * Writes an answer: a table for people, CSV, JSON lines, an Arrow IPC stream, a Parquet file or an Excel workbook. Returns the
 * rows written.
 *
 * @throws QueryError where the query fails, has too many rows, or a value that the format does not have.
 */
export async function writeResult(result: QueryResult, format: QueryFormat, output: Writable): Promise<number> {
  const [rowsMax, limit] = format === 'xlsx' ? [SHEET_ROWS_MAX - 1, SHEET_LIMIT] : [QUERY_ROWS_MAX, QUERY_LIMIT];
  for await (const text of FORMATTERS[format](result, rowsMax, limit)) {
    if (!output.write(text)) await once(output, 'drain');
  }
  return result.rows;
}

const QUERY_LIMIT = `more than ${QUERY_ROWS_MAX} rows: add a LIMIT`;
const SHEET_LIMIT =
  `more than ${(SHEET_ROWS_MAX - 1).toLocaleString('en-US')} rows: a sheet of Excel has ` +
  `${SHEET_ROWS_MAX.toLocaleString('en-US')} with its header; add a LIMIT, or take another format`;

type Formatter = (result: QueryResult, rowsMax: number, limit: string) => AsyncIterable<string | Uint8Array>;

const FORMATTERS: Record<QueryFormat, Formatter> = {
  table: tableText,
  csv: csvText,
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

async function* tableText(result: QueryResult, rowsMax: number, limit: string): AsyncGenerator<string> {
  const { columns } = result;
  const rows: string[][] = [];
  for await (const chunk of result.rowChunks(rowsMax, limit)) {
    for (const row of chunk) rows.push(columns.map(({ type }, index) => printable(cellText(row[index] ?? null, type))));
  }
  const names = columns.map((column) => printable(column.name));
  const widths = names.map((name, index) =>
    rows.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), name.length),
  );
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, index) => {
      return NUMERIC.has(columns[index]?.type.kind ?? 'text')
        ? cell.padStart(widths[index] ?? missing('widths'))
        : cell.padEnd(widths[index] ?? missing('widths'));
    });
    return `${padded.join('  ').trimEnd()}\n`;
  };
  yield line(names);
  yield line(widths.map((width) => '-'.repeat(width)));
  for (const row of rows) yield line(row);
  yield `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})\n`;
}

async function* jsonText(result: QueryResult, rowsMax: number, limit: string): AsyncGenerator<string> {
  for await (const chunk of result.rowChunks(rowsMax, limit)) {
    yield chunk
      .map((row) => {
        const entries = result.columns.map(({ name, type }, index) => [name, jsonValue(row[index] ?? null, type)]);
        return `${printableJson(Object.fromEntries(entries))}\n`;
      })
      .join('');
  }
}
