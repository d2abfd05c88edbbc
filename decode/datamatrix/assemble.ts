import { bytesOfCodewords } from './codewords.ts';
import { correctBlock } from './reed-solomon.ts';
import { CODEWORDS_MAX } from './sizes.ts';
import type { SymbolMap } from './symbol-map.ts';

/**
 * A reading is believed when a wrong one as good as it would happen once in 2^40 tries: so many words of random data
 * would have to be looked at until one lies as near to a codeword.
 */
const BELIEF_BITS_MIN = 40;
const LOG2_FACTORIAL = new Float64Array(CODEWORDS_MAX + 1);
for (let n = 1; n <= CODEWORDS_MAX; n++) LOG2_FACTORIAL[n] = (LOG2_FACTORIAL[n - 1] ?? 0) + Math.log2(n);

interface Assembled {
  readonly bytes: Uint8Array;
  /** All codewords as corrected: what the symbol must have been. */
  readonly codewords: Uint8Array;
  /** -log2 of the chance that random data gives a reading as good. */
  readonly beliefBits: number;
}

const raw = new Uint8Array(CODEWORDS_MAX);
const block = new Uint8Array(CODEWORDS_MAX);
const erasures = new Int32Array(CODEWORDS_MAX);

/** Packs modules into codewords; 1 is dark. */
export function codewordsOf(map: SymbolMap, bits: Uint8Array): Uint8Array {
  const { bitModules, codewords } = map;
  for (let codeword = 0, bit = 0; codeword < codewords; codeword++) {
    let value = 0;
    for (const end = bit + 8; bit < end; bit++) value = (value << 1) | (bits[bitModules[bit] ?? 0] ?? 0);
    raw[codeword] = value;
  }
  return raw;
}

/**
 * Corrects all blocks and reads the data; null when a block is beyond reach, or the data break the rules. `erased` marks
 * the codewords to be taken for unknown.
 */
export function assemble(map: SymbolMap, codewords: Uint8Array, erased: Uint8Array | null): Assembled | null {
  const { blocks, errorCodewords } = map;
  const length = map.codewords / blocks;
  const checks = errorCodewords / blocks;
  const corrected = new Uint8Array(map.codewords);
  let beliefBits = Infinity;
  for (let which = 0; which < blocks; which++) {
    let count = 0;
    for (let at = 0; at < length; at++) {
      block[at] = codewords[at * blocks + which] ?? 0;
      if (erased !== null && erased[at * blocks + which] === 1) erasures[count++] = at;
    }
    const errors = correctBlock(block, length, checks, erasures, count);
    if (errors === -1) return null;
    beliefBits = Math.min(beliefBits, beliefOf(length, checks, count, errors));
    for (let at = 0; at < length; at++) corrected[at * blocks + which] = block[at] ?? 0;
  }
  const bytes = bytesOfCodewords(corrected, map.dataCodewords);
  return bytes === null ? null : { bytes, codewords: corrected, beliefBits };
}

export function isBelieved({ beliefBits }: Assembled): boolean {
  return beliefBits >= BELIEF_BITS_MIN;
}

/** Of the 256^(checks - erased) syndromes, so many are those of at most `errors` errors in the rest of the block. */
function beliefOf(length: number, checks: number, erased: number, errors: number): number {
  const places = length - erased;
  const choose = (LOG2_FACTORIAL[places] ?? 0) - (LOG2_FACTORIAL[errors] ?? 0) - (LOG2_FACTORIAL[places - errors] ?? 0);
  return 8 * (checks - erased) - choose - errors * Math.log2(255);
}
