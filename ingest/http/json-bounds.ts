const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export interface JsonBounds {
  readonly levelsMax: number;
  /** Items of arrays and fields of objects, on all levels. */
  readonly valuesMax: number;
}

/**
 * What JSON has more of than it may; null where it keeps to the bounds. A few megabytes of brackets or of small fields keep
 * a parser busy for seconds, so this is found out before it is asked. What is no JSON may get any answer: the parser will
 * say so.
 */
export function excessOf(json: Uint8Array, { levelsMax, valuesMax }: JsonBounds): 'levels' | 'values' | null {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      if (at === -1) return null;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth += 1;
      // All but the first in each are told by a comma.
      values += 1;
      if (depth > levelsMax) return 'levels';
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
    else if (byte === COMMA) values += 1;
    if (values > valuesMax) return 'values';
  }
  return null;
}

/** Place of the quote that ends the string which begins at a quote; −1 when none does. */
function endOfString(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
