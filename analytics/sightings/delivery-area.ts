import { missing, type TextColumn } from '../../indicium/index.ts';
import { upperTextSql } from './upper-text.ts';

/** Characters of a postcode that name a delivery area; where codes go on, they name streets and boxes. */
export const AREA_CHARACTERS = 5;
/** Fewer say too little. */
const AREA_CHARACTERS_MIN = 3;
const BASE = 37;

/**
 * The delivery area that a postcode names, as a number below 37^5; 0 where the code is missing or too short. Blanks and hyphens
 * do not count, and reading ends at any other character than a letter or a digit: sorters put one where they could not read.
 */
export function areaOf(code: Uint8Array | null): number {
  if (code === null) return 0;
  let area = 0;
  let characters = 0;
  for (const byte of code) {
    const value = characterValue(byte);
    if (value === null) continue;
    if (value === 0) break;
    area = area * BASE + value;
    characters += 1;
    if (characters === AREA_CHARACTERS) break;
  }
  return characters < AREA_CHARACTERS_MIN ? 0 : area;
}

/** 1 to 36 for a digit or a letter, null for what does not count, 0 for where reading ends. */
function characterValue(byte: number): number | null {
  if (byte === 0x20 || byte === 0x2d) return null;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x2f;
  const upper = byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
  return upper >= 0x41 && upper <= 0x5a ? upper - 0x36 : 0;
}

/** What the characters of an area count, from 1. */
const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The same of a column of codes, as SQL: the characters themselves; null where there is no area. */
export function areaSql(column: string): string {
  const read = `regexp_extract(${upperTextSql(column, "' -'")}, '^[0-9A-Z]*')`;
  // Most codes are plain: to take anything away costs eight times as much.
  return `case when regexp_full_match(${column}, '[0-9A-Z]{${AREA_CHARACTERS_MIN},}') then left(${column}, ${AREA_CHARACTERS})
    when length(${read}) >= ${AREA_CHARACTERS_MIN} then left(${read}, ${AREA_CHARACTERS}) end`;
}

/** The number of an area that stands as its characters in a column, as SQL; 0 for null. */
export function areaNumberSql(column: string): string {
  let number = '0';
  for (let at = 1; at <= AREA_CHARACTERS; at++) {
    const value = `strpos('${CHARACTERS}', substr(${column}, ${at}, 1))`;
    number = `if(length(${column}) < ${at}, ${number}, ${number} * ${BASE} + ${value})`;
  }
  return `coalesce(${number}, 0)`;
}

/** The delivery area that a row of a column names; 0 if it names none. */
export function areaAt(column: TextColumn, row: number): number {
  const [from, to] = [column.offsets[row] ?? missing('offsets'), column.offsets[row + 1] ?? missing('offsets')];
  return from === to ? 0 : areaOf(column.bytes.subarray(from, to));
}
