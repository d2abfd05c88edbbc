/** Eight-bit grey pixels, row by row from the top left; 0 is black. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** How to look: which symbols, how pixels become black and white, how many symbols are enough. */
export interface Search {
  readonly symbologies: 'Data Matrix' | 'any';
  readonly threshold: 'local' | 'global' | 'fixed';
  readonly symbolsMax: number;
}

export interface ReadSymbol {
  /** `DataMatrix`, `PDF417`, `QRCode`, `Aztec`, … */
  readonly symbology: string;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Where the symbol is one of several that belong together (structured append, macro PDF417). */
  readonly part?: SymbolPart;
}

export interface SymbolPart {
  /** From 1. */
  readonly number: number;
  /** How many there are; null where the symbol does not say. */
  readonly of: number | null;
  /** What all of them have in common; empty where the symbol says nothing. */
  readonly id: string;
}

/** A library that finds and reads symbols; the ladder in read-image.ts is the same for each of them. */
export interface SymbolReader {
  readonly name: string;
  read(image: GreyImage, search: Search): ReadSymbol[];
}
