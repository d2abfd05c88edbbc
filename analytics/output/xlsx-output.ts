import { PassThrough, Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { printable } from '../../indicium/index.ts';
import { SHEET_CELL_CHARACTERS_MAX, SHEET_COLUMNS_MAX, SHEET_ROWS_MAX } from '../limits.ts';
import type { Cell } from '../store/cells.ts';
import { QueryError, type QueryResult } from '../store/queries/query.ts';
import { cellText, jsonValue } from './cell-text.ts';

/**
 * The rows as a workbook of Excel with one sheet, its header frozen, written as they come. Nothing is ever a formula. Text, ids
 * (columns named license, …_license, …_id and …_digest), times (as in CSV: ISO 8601 in UTC; dates of Excel have no zone and no
 * microseconds) and numbers of more than 15 digits, since Excel shows no more, are text cells; null has no cell.
 *
 * @throws QueryError for more columns or longer texts than Excel takes.
 */
export async function* xlsxFile(result: QueryResult): AsyncGenerator<Uint8Array> {
  if (result.columns.length > SHEET_COLUMNS_MAX) {
    throw new QueryError(`${result.columns.length} columns: a sheet of Excel has ${SHEET_COLUMNS_MAX}`);
  }
  const zip = new ZipFile();
  const output = zip.outputStream.pipe(new PassThrough());
  for (const [name, text] of PARTS) zip.addBuffer(Buffer.from(text), name, { mtime: NO_TIME });
  const sheet = Readable.from(sheetXml(result));
  // The library does not pass errors on: a failure of the archive or of the sheet ends the output here.
  zip.on('error', (error: Error) => output.destroy(error));
  sheet.on('error', (error) => output.destroy(error));
  zip.addReadStream(sheet, 'xl/worksheets/sheet1.xml', { mtime: NO_TIME });
  zip.end();
  try {
    for await (const chunk of output) {
      if (chunk instanceof Uint8Array) yield chunk;
    }
  } finally {
    sheet.destroy();
  }
}

/** The same rows give the same file. The earliest time that a ZIP file has. */
const NO_TIME = new Date(1980, 0, 1);

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const FORMATS = 'http://schemas.openxmlformats.org';
const MAIN = `xmlns="${FORMATS}/spreadsheetml/2006/main"`;
const RELATIONS = `xmlns="${FORMATS}/package/2006/relationships"`;
const OFFICE = `${FORMATS}/officeDocument/2006/relationships`;
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** All but the sheet (ECMA-376, part 1, 12.2). Style 1 is the number format `@`, text, so that an edited id stays one. */
const PARTS: readonly (readonly [name: string, text: string])[] = [
  [
    '[Content_Types].xml',
    `${XML}<Types xmlns="${FORMATS}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPE}.worksheet+xml"/></Types>`,
  ],
  [
    '_rels/.rels',
    `${XML}<Relationships ${RELATIONS}><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  ],
  [
    'xl/workbook.xml',
    `${XML}<workbook ${MAIN} xmlns:r="${OFFICE}"><sheets><sheet name="indicia" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  ],
  [
    'xl/_rels/workbook.xml.rels',
    `${XML}<Relationships ${RELATIONS}><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
  ],
  [
    'xl/styles.xml',
    `${XML}<styleSheet ${MAIN}><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs></styleSheet>`,
  ],
];

const ROWS_LIMIT =
  `more than ${(SHEET_ROWS_MAX - 1).toLocaleString('en-US')} rows: a sheet of Excel has ` +
  `${SHEET_ROWS_MAX.toLocaleString('en-US')} with its header; add a LIMIT, or take another format`;

async function* sheetXml(result: QueryResult): AsyncGenerator<string> {
  yield `${XML}<worksheet ${MAIN}><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`;
  const letters = result.columns.map((_, index) => lettersOf(index));
  const header = result.columns.map(({ name }, index) => textCell(`${letters[index]}1`, name, name));
  yield `<row r="1">${header.join('')}</row>`;
  let number = 1;
  for await (const chunk of result.rowChunks()) {
    if (result.rows >= SHEET_ROWS_MAX) throw new QueryError(ROWS_LIMIT);
    yield chunk
      .map((row) => {
        number += 1;
        const cells = row.map((cell, index) => sheetCell(`${letters[index]}${number}`, cell, result.columns[index]));
        return `<row r="${number}">${cells.join('')}</row>`;
      })
      .join('');
  }
  yield '</sheetData></worksheet>';
}

/** `A` to `Z`, then `AA`. */
function lettersOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${lettersOf(Math.floor(index / 26) - 1)}${letter}`;
}

const ID = /(^|_)(license|id|digest)$/;
/** A number that Excel shows as it is: it keeps 15 digits. */
const SHOWN = /^-?(?=(\D*\d){1,15}\D*$)\d+(\.\d+)?$/;

function sheetCell(place: string, cell: Cell, column: QueryResult['columns'][number] | undefined): string {
  if (cell === null || column === undefined) return '';
  const { name, type } = column;
  if (type.kind === 'boolean') return `<c r="${place}" t="b"><v>${cell === true ? 1 : 0}</v></c>`;
  if ((type.kind === 'integer' || type.kind === 'decimal') && !ID.test(name)) {
    const text = String(jsonValue(cell, type));
    if (SHOWN.test(text)) return `<c r="${place}"><v>${text}</v></c>`;
  }
  // A measurement: what Excel does not show of it, it keeps.
  if (type.kind === 'float' && Number.isFinite(cell)) return `<c r="${place}"><v>${cell}</v></c>`;
  return textCell(place, cellText(cell, type), name);
}

/** In the sheet itself: a table of shared texts would have to be held until the end. */
function textCell(place: string, text: string, column: string): string {
  const shown = printable(text).replace(/[\uFFFE\uFFFF]/g, '\uFFFD');
  if (shown.length > SHEET_CELL_CHARACTERS_MAX) {
    throw new QueryError(
      `column "${column}": a text of ${shown.length} characters; a cell of Excel has ${SHEET_CELL_CHARACTERS_MAX}`,
    );
  }
  const escaped = shown
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
  return `<c r="${place}" s="1" t="inlineStr"><is><t xml:space="preserve">${escaped}</t></is></c>`;
}
