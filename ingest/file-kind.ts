import { isUtf8 } from 'node:buffer';
import { imageTypeOf } from '../indicium/index.ts';
import { isKnownField } from '../scans/index.ts';

/** Bytes at the beginning of a source that tell what it is. */
export const HEAD_BYTES = 4_096;

/** What a source of scans holds, by its first bytes. */
type FileKind =
  /** One JSON object a line. */
  | { readonly kind: 'lines' }
  /** A JSON array of them, or objects over several lines each. */
  | { readonly kind: 'values' }
  | { readonly kind: 'packed'; readonly by: 'gzip' | 'zstd' }
  | { readonly kind: 'utf-16'; readonly isLittle: boolean }
  /** What is not read; `what` goes on after "this is". */
  | { readonly kind: 'refused'; readonly what: string };

interface Signature {
  readonly bytes: readonly number[];
  readonly offset?: number;
}

interface KnownSignature extends Signature {
  readonly is: FileKind;
}

export function isPicture(head: Buffer): boolean {
  return imageTypeOf(head) !== null;
}

const OTHERS: readonly KnownSignature[] = [
  { bytes: [0x1f, 0x8b], is: { kind: 'packed', by: 'gzip' } },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], is: { kind: 'packed', by: 'zstd' } },
  refused('UTF-32 text', [0xff, 0xfe, 0, 0]),
  refused('UTF-32 text', [0, 0, 0xfe, 0xff]),
  { bytes: [0xff, 0xfe], is: { kind: 'utf-16', isLittle: true } },
  { bytes: [0xfe, 0xff], is: { kind: 'utf-16', isLittle: false } },
  refused('a PDF document', latin1('%PDF')),
  refused('a ZIP archive, or a workbook or document that is one', [0x50, 0x4b, 3, 4]),
  refused('a bzip2 archive', latin1('BZh')),
  refused('an xz archive', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
  refused('a 7z archive', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]),
  refused('an LZ4 archive', [0x04, 0x22, 0x4d, 0x18]),
  refused('a tar archive', latin1('ustar'), 257),
  refused('a Parquet file', latin1('PAR1')),
  refused('an Arrow file', latin1('ARROW1')),
  refused('an Avro file', [...latin1('Obj'), 1]),
  refused('a SQLite database', latin1('SQLite format 3')),
  refused('a DuckDB database', latin1('DUCK'), 8),
];

function refused(what: string, bytes: readonly number[], offset = 0): KnownSignature {
  return { bytes, offset, is: { kind: 'refused', what } };
}

function latin1(text: string): number[] {
  return [...Buffer.from(text, 'latin1')];
}

function fits(head: Buffer, { bytes, offset = 0 }: Signature): boolean {
  return bytes.every((byte, index) => head[offset + index] === byte);
}

const BYTE_ORDER_MARK = /^\u{feff}/u;
const ARRAY_OF_OBJECTS = /^\s*\[\s*[{\]]/;
/** An object over several lines begins with a brace alone. */
const OBJECT_OVER_LINES = /^\s*\{[ \t\r]*\n/;

/** @param head the first HEAD_BYTES, or all bytes where there are fewer. */
export function kindOf(head: Buffer): FileKind {
  if (isPicture(head)) {
    return { kind: 'refused', what: 'a picture: indicia decode reads one, and indicia run a folder of them' };
  }
  for (const signature of OTHERS) if (fits(head, signature)) return signature.is;
  const withoutMark = utf16WithoutMark(head);
  if (withoutMark !== null) return withoutMark;
  // No JSON has a zero byte.
  if (head.includes(0)) return { kind: 'refused', what: 'binary data' };
  const text = head.toString('utf8').replace(BYTE_ORDER_MARK, '');
  if (ARRAY_OF_OBJECTS.test(text) || OBJECT_OVER_LINES.test(text)) return { kind: 'values' };
  if (text.trimStart().startsWith('<')) return { kind: 'refused', what: 'XML or HTML' };
  const columns = isUtf8(head) || head.length === HEAD_BYTES ? columnsOf(text) : null;
  if (columns !== null) return { kind: 'refused', what: `a table (CSV) with the columns ${columns.join(', ')}` };
  return { kind: 'lines' };
}

/** JSON begins with an ASCII character, which has one zero byte in UTF-16. */
function utf16WithoutMark([first, second, third, fourth]: Buffer): FileKind | null {
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return { kind: 'utf-16', isLittle: true };
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return { kind: 'utf-16', isLittle: false };
  return null;
}

const COLUMNS_SHOWN_MAX = 12;

/** The names in a first line that is the heading of a table of scans. */
function columnsOf(text: string): string[] | null {
  const [line = ''] = text.split(/\r?\n/, 1);
  for (const delimiter of [',', ';', '\t', '|']) {
    const cells = line.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    if (cells.length > 1 && cells.some(isKnownField) && cells.every((cell) => /^[\w .-]*$/.test(cell))) {
      return cells.slice(0, COLUMNS_SHOWN_MAX);
    }
  }
  return null;
}
