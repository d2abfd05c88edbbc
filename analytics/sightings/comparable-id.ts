import { digest64 } from '../../indicium/index.ts';
import { upperTextSql } from './upper-text.ts';

/**
 * Mailpiece ids as they are compared. Machines write one id in lower case, with blanks or hyphens, or filled up with zeros, and
 * where they could not read any, a word that stands for none. What was written is kept in the evidence.
 */

/** Words that machines write where they read no id. Kept in one form with COMPARABLE_ID_SQL: both go by this list. */
const PLACEHOLDERS = [
  'NOREAD',
  'NOID',
  'NOTAG',
  'NOCODE',
  'NODATA',
  'NONE',
  'NULL',
  'NIL',
  'NA',
  'N/A',
  'NAN',
  'UNKNOWN',
  'UNREAD',
  'UNREADABLE',
  'UNDEFINED',
  'ERROR',
  'FAIL',
  'FAILED',
  'MISSING',
  'EMPTY',
  'BLANK',
  'REJECT',
] as const;
const PLACEHOLDER_SET: ReadonlySet<string> = new Set(PLACEHOLDERS);
const PLACEHOLDER_CHARS_MAX = Math.max(...PLACEHOLDERS.map((word) => word.length));

const FILL = /[ \t\r\n\-_.]/g;
const LOWER = /[a-z]+/g;
const DIGITS = /^[0-9]+$/;
const FILLING_ZEROS = /^0+/;

/** The form in which an id is compared; null where it stands for none. */
function comparableId(id: string): string | null {
  const bare = id.replace(FILL, '').replace(LOWER, (letters) => letters.toUpperCase());
  const plain = DIGITS.test(bare) ? bare.replace(FILLING_ZEROS, '') : bare;
  if (plain === '' || PLACEHOLDER_SET.has(plain) || isOneCharacter(plain)) return null;
  return plain;
}

/** `XXXXXXXX`, `9999999`, `????`; a single character may be an id. */
function isOneCharacter(text: string): boolean {
  const [first = ''] = text;
  return text.length > first.length && text.replaceAll(first, '') === '';
}

/** Letters and digits of which nothing is to be taken away: to match this takes 0.2 µs, the whole rule 20. */
const PLAIN = '[A-Z][0-9A-Z]*[0-9][0-9A-Z]*|[1-9][0-9]*[A-Z][0-9A-Z]*';

/** The same of a column of ids, as SQL. */
export function comparableIdSql(column: string): string {
  const bare = upperTextSql(column, `' ' || chr(9) || chr(13) || chr(10) || '-_.'`);
  const plain = `if(regexp_full_match(${bare}, '[0-9]+'), ltrim(${bare}, '0'), ${bare})`;
  // DuckDB joins with a list of so many words, for which it would work out the whole rule for every row.
  const isWord = `regexp_full_match(${plain}, '${PLACEHOLDERS.join('|')}')`;
  const isOne = `(length(${plain}) > 1 and replace(${plain}, left(${plain}, 1), '') = '')`;
  const isPlainNumber = `regexp_full_match(${column}, '[1-9][0-9]*') and replace(${column}, left(${column}, 1), '') <> ''`;
  return `case when regexp_full_match(${column}, '${PLAIN}') or (${isPlainNumber}) then ${column}
    when ${column} is null or ${plain} = '' or ${isWord} or ${isOne} then null else ${plain} end`;
}

/** The digest of a mailpiece id in the sightings; 0 for no id. An id that is already in its compared form is digested as it is. */
export function mailpieceDigest(id: string | Uint8Array | null): bigint {
  if (id === null) return 0n;
  const bytes = typeof id === 'string' ? Buffer.from(id) : id;
  if (isPlain(bytes)) return digest64(bytes);
  const comparable = comparableId(typeof id === 'string' ? id : Buffer.from(id).toString());
  return comparable === null ? 0n : digest64(comparable);
}

const ZERO = 0x30;
const NINE = 0x39;
const LETTER_A = 0x41;
const LETTER_Z = 0x5a;

/** Capital letters and digits of which nothing is to be taken away: nearly all ids are such. */
function isPlain(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  if (first === ZERO) return false;
  let hasDigit = false;
  let hasOther = false;
  for (const byte of bytes) {
    if (byte >= ZERO && byte <= NINE) hasDigit = true;
    else if (byte < LETTER_A || byte > LETTER_Z) return false;
    if (byte !== first) hasOther = true;
  }
  return hasOther && (hasDigit || bytes.length > PLACEHOLDER_CHARS_MAX);
}
