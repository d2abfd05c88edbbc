import { type Parsed, parseIndicium } from '../indicium/index.ts';
import { cutOut, greyImage, type ImageFailure } from './grey-image.ts';
import { SYMBOLS_MAX } from './limits.ts';
import type { GreyImage, ReadSymbol, Search, SymbolReader } from './symbol-reader.ts';

export interface ReadMark extends ReadSymbol {
  readonly parsed: Parsed;
  /** Which rung of the ladder read it. */
  readonly rung: string;
}

export type ReadOutcome = { readonly mark: ReadMark } | { readonly failure: ImageFailure | 'no-symbol' };

interface Rung {
  readonly name: string;
  readonly region: 'top right' | 'whole';
  readonly search: Search;
}

/**
 * From cheap to dear. On degraded marks one threshold in five reads what the other did not (docs/decisions/0004), and
 * the top right quarter, where an indicium belongs, costs a third of the whole face.
 */
const LADDER: readonly Rung[] = [
  { name: 'top right', region: 'top right', search: markBy('local') },
  { name: 'whole', region: 'whole', search: markBy('local') },
  { name: 'whole, one threshold', region: 'whole', search: markBy('global') },
  { name: 'whole, middle grey', region: 'whole', search: markBy('fixed') },
  {
    name: 'any symbology',
    region: 'whole',
    search: { symbologies: 'any', threshold: 'local', symbolsMax: SYMBOLS_MAX },
  },
];

function markBy(threshold: Search['threshold']): Search {
  return { symbologies: 'Data Matrix', threshold, symbolsMax: 1 };
}

/** From this width on an image is a face, and its top right quarter is worth a look of its own. */
const FACE_WIDTH_PX_MIN = 800;

/** Reads the indicium of an image file; where there is none, the first symbol of any other kind. */
export async function readImage(bytes: Uint8Array, reader: SymbolReader): Promise<ReadOutcome> {
  const image = await greyImage(bytes);
  return typeof image === 'string' ? { failure: image } : readGrey(image, reader);
}

export function readGrey(image: GreyImage, reader: SymbolReader): ReadOutcome {
  let other: ReadMark | undefined;
  for (const rung of LADDER) {
    const region = regionOf(image, rung);
    if (region === undefined) continue;
    for (const symbol of reader.read(region, rung.search)) {
      const mark = { ...symbol, parsed: parseIndicium(symbol.bytes), rung: rung.name };
      if ('indicium' in mark.parsed) return { mark };
      other ??= mark;
    }
  }
  return other === undefined ? { failure: 'no-symbol' } : { mark: other };
}

function regionOf(image: GreyImage, rung: Rung): GreyImage | undefined {
  if (rung.region === 'whole') return image;
  if (image.width < FACE_WIDTH_PX_MIN) return undefined;
  const left = Math.floor(image.width / 2);
  return cutOut(image, left, 0, image.width - left, Math.ceil(image.height / 2));
}
