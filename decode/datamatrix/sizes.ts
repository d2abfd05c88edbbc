/** A square symbol of ISO/IEC 16022, table 7. Sides are in modules, finder and borders included. */
export interface SymbolSize {
  readonly size: number;
  /** Regions along a side, each with a border of its own. */
  readonly regions: number;
  readonly dataCodewords: number;
  readonly errorCodewords: number;
  /** Interleaved Reed-Solomon blocks; codeword i belongs to block i mod blocks. */
  readonly blocks: number;
}

/** The sizes that marks use. Smaller ones correct too little to be tried on anything that looks square. */
export const SYMBOL_SIZES: readonly SymbolSize[] = [
  { size: 24, regions: 1, dataCodewords: 36, errorCodewords: 24, blocks: 1 },
  { size: 26, regions: 1, dataCodewords: 44, errorCodewords: 28, blocks: 1 },
  { size: 32, regions: 2, dataCodewords: 62, errorCodewords: 36, blocks: 1 },
  { size: 36, regions: 2, dataCodewords: 86, errorCodewords: 42, blocks: 1 },
  { size: 40, regions: 2, dataCodewords: 114, errorCodewords: 48, blocks: 1 },
  { size: 44, regions: 2, dataCodewords: 144, errorCodewords: 56, blocks: 1 },
  { size: 48, regions: 2, dataCodewords: 174, errorCodewords: 68, blocks: 1 },
  { size: 52, regions: 2, dataCodewords: 204, errorCodewords: 84, blocks: 2 },
  { size: 64, regions: 4, dataCodewords: 280, errorCodewords: 112, blocks: 2 },
];

export const SIZE_MAX = 64;
export const CODEWORDS_MAX = 392;
