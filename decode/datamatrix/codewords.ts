/** Codewords with a meaning of their own in the ASCII encodation (ISO/IEC 16022, table 2). */
const PAD = 129;
const LATCH_C40 = 230;
const LATCH_BASE256 = 231;
const UPPER_SHIFT = 235;
const LATCH_X12 = 238;
const LATCH_TEXT = 239;
const LATCH_EDIFACT = 240;
const UNLATCH = 254;

/**
 * Bytes of the data codewords, or null where they break a rule or use what no mark uses (extended channels, FNC1, macros,
 * structured append): those are left to a general reader. Pads are checked, so that damage seldom passes for data.
 */
export function bytesOfCodewords(codewords: Uint8Array, length: number): Uint8Array | null {
  const bytes: number[] = [];
  let at = 0;
  let upper = 0;
  while (at < length) {
    const codeword = codewords[at] ?? 0;
    at += 1;
    if (codeword === PAD) return upper === 0 && arePads(codewords, at, length) ? Uint8Array.from(bytes) : null;
    if (codeword >= 1 && codeword <= 128) {
      bytes.push(codeword - 1 + upper);
      upper = 0;
      continue;
    }
    if (upper !== 0) return null;
    if (codeword >= 130 && codeword <= 229) {
      const digits = codeword - 130;
      bytes.push(48 + Math.floor(digits / 10), 48 + (digits % 10));
    } else if (codeword === UPPER_SHIFT) upper = 128;
    else {
      const next = segment(codeword, codewords, at, length, bytes);
      if (next === -1) return null;
      at = next;
    }
  }
  return upper === 0 ? Uint8Array.from(bytes) : null;
}

/** Reads what follows a latch; returns where ASCII goes on, or -1. */
function segment(latch: number, codewords: Uint8Array, at: number, length: number, bytes: number[]): number {
  if (latch === LATCH_BASE256) return base256(codewords, at, length, bytes);
  if (latch === LATCH_C40) return triplets(codewords, at, length, bytes, C40);
  if (latch === LATCH_TEXT) return triplets(codewords, at, length, bytes, TEXT);
  if (latch === LATCH_X12) return x12(codewords, at, length, bytes);
  if (latch === LATCH_EDIFACT) return edifact(codewords, at, length, bytes);
  return -1;
}

/** Annex B.1: the 253-state algorithm. Positions count from 1. */
function arePads(codewords: Uint8Array, from: number, length: number): boolean {
  for (let at = from; at < length; at++) if (codewords[at] !== padAt(at)) return false;
  return true;
}

/** The pad codeword at an index counted from 0; the first pad of a symbol is PAD itself. */
export function padAt(index: number): number {
  const pad = PAD + ((149 * (index + 1)) % 253) + 1;
  return pad > 254 ? pad - 254 : pad;
}

/** Annex B.2: the 255-state algorithm. */
export function randomized255(value: number, index: number): number {
  return (value + ((149 * (index + 1)) % 255) + 1) & 0xff;
}

function derandomized255(codeword: number, index: number): number {
  return (codeword - ((149 * (index + 1)) % 255) - 1) & 0xff;
}

function base256(codewords: Uint8Array, start: number, length: number, bytes: number[]): number {
  if (start >= length) return -1;
  let at = start;
  let count = derandomized255(codewords[at] ?? 0, at);
  at += 1;
  if (count === 0) count = length - at;
  else if (count >= 250) {
    if (at >= length) return -1;
    count = 250 * (count - 249) + derandomized255(codewords[at] ?? 0, at);
    at += 1;
  }
  if (at + count > length) return -1;
  for (const end = at + count; at < end; at++) bytes.push(derandomized255(codewords[at] ?? 0, at));
  return at;
}

interface Alphabet {
  readonly basic: string;
  readonly shift3: string;
}

const SHIFT_2 = '!"#$%&\'()*+,-./:;<=>?@[\\]^_';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const C40: Alphabet = { basic: ` 0123456789${LETTERS}`, shift3: '`abcdefghijklmnopqrstuvwxyz{|}~\x7f' };
const TEXT: Alphabet = { basic: ` 0123456789${LETTERS.toLowerCase()}`, shift3: `\`${LETTERS}{|}~\x7f` };

/** C40 and Text (5.2.5, 5.2.6): three values in two codewords, with shifts to three further sets. */
function triplets(codewords: Uint8Array, start: number, length: number, bytes: number[], alphabet: Alphabet): number {
  let at = start;
  let shift = 0;
  let upper = 0;
  while (at < length) {
    if (codewords[at] === UNLATCH) return upper === 0 ? at + 1 : -1;
    // One codeword left over is ASCII without an unlatch.
    if (at + 1 === length) return upper === 0 ? at : -1;
    const packed = 256 * (codewords[at] ?? 0) + (codewords[at + 1] ?? 0) - 1;
    if (packed < 0 || packed >= 40 ** 3) return -1;
    at += 2;
    for (const value of [Math.floor(packed / 1600), Math.floor(packed / 40) % 40, packed % 40]) {
      if (shift === 0 && value < 3) {
        shift = value + 1;
        continue;
      }
      const code = tripletCode(value, shift, alphabet);
      if (code === -2) upper = 128;
      else if (code === -1) return -1;
      else {
        bytes.push(code + upper);
        upper = 0;
      }
      shift = 0;
    }
  }
  return upper === 0 ? at : -1;
}

/** The character of a value; -2 for the upper shift, -1 for none. */
function tripletCode(value: number, shift: number, alphabet: Alphabet): number {
  if (shift === 0) return alphabet.basic.charCodeAt(value - 3);
  if (shift === 1) return value < 32 ? value : -1;
  if (shift === 2) {
    if (value === 30) return -2;
    return value < SHIFT_2.length ? SHIFT_2.charCodeAt(value) : -1;
  }
  return value < alphabet.shift3.length ? alphabet.shift3.charCodeAt(value) : -1;
}

const X12 = `\r*> 0123456789${LETTERS}`;

function x12(codewords: Uint8Array, start: number, length: number, bytes: number[]): number {
  let at = start;
  while (at < length) {
    if (codewords[at] === UNLATCH) return at + 1;
    if (at + 1 === length) return at;
    const packed = 256 * (codewords[at] ?? 0) + (codewords[at + 1] ?? 0) - 1;
    if (packed < 0 || packed >= 40 ** 3) return -1;
    at += 2;
    for (const value of [Math.floor(packed / 1600), Math.floor(packed / 40) % 40, packed % 40]) {
      bytes.push(X12.charCodeAt(value));
    }
  }
  return at;
}

/** EDIFACT (5.2.8): four values of six bits in three codewords; 31 ends it, and so does an end with fewer than three. */
function edifact(codewords: Uint8Array, start: number, length: number, bytes: number[]): number {
  let at = start;
  while (length - at >= 3) {
    const packed = ((codewords[at] ?? 0) << 16) | ((codewords[at + 1] ?? 0) << 8) | (codewords[at + 2] ?? 0);
    for (let value = 0; value < 4; value++) {
      const six = (packed >> (18 - 6 * value)) & 63;
      // The codeword that holds the end of the unlatch is the last of EDIFACT.
      if (six === 31) return at + Math.min(value + 1, 3);
      bytes.push(six < 32 ? six + 64 : six);
    }
    at += 3;
  }
  return at;
}
