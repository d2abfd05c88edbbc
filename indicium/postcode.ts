import { type Field, POSTCODE_ALPHABET, POSTCODE_BASE } from './layout.ts';

/**
 * Unpacks a postcode field: three characters in two bytes. Null when packing cannot give these bytes:
 * a reserved value, a pair above 40^3 − 1, or padding before a character.
 */
export function unpackPostcode(bytes: Buffer, field: Field): string | null {
  let text = '';
  let ended = false;
  for (let at = field.offset; at < field.offset + field.bytes; at += 2) {
    const packed = bytes.readUInt16BE(at);
    if (packed >= POSTCODE_BASE ** 3) return null;
    if (packed === 0) {
      ended = true;
      continue;
    }
    const values = [Math.floor(packed / 1600), Math.floor(packed / 40) % 40, packed % 40];
    for (const value of values) {
      if (value >= POSTCODE_ALPHABET.length) return null;
      if (value === 0) ended = true;
      else if (ended) return null;
      else text += POSTCODE_ALPHABET[value];
    }
  }
  return text;
}
