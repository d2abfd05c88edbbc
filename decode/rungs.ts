import { parseIndicium } from '../indicium/index.ts';
import { readCombined } from './datamatrix/read-combined.ts';
import { readMatrix } from './datamatrix/read-matrix.ts';
import { type CandidateOptions, type MatrixReading, MatrixSearch } from './datamatrix/search.ts';
import type { SoftDecision } from './datamatrix/soft-decisions.ts';
import { doubled } from './grey-image.ts';
import type { OwnPlace, Rung } from './ladder.ts';
import {
  ANY_REVERSALS_MAX,
  CANDIDATES_MAX,
  COMBINED_TRIES_MAX,
  DATA_MATRIX_REVERSALS_MAX,
  LENS_TRIES_MAX,
  QUICK_TRIES_MAX,
  THOROUGH_TRIES_MAX,
} from './limits.ts';
import type { MarkMemory } from './mark-memory.ts';
import type { MarkReader } from './mark-reader.ts';
import type { ImageFailure } from './picture.ts';
import { smoothed } from './smoothed.ts';
import type { GreyImage, ReadSymbol, Search } from './symbol-reader.ts';
import type { View } from './view.ts';

export interface FoundSymbol extends ReadSymbol {
  /** Where the own reader read it. */
  readonly matrix?: MatrixReading;
}

interface RungResult {
  readonly symbols: readonly FoundSymbol[];
  readonly candidates: readonly Uint8Array[];
  /** Of marks that were not read. */
  readonly softDecisions: readonly SoftDecision[];
  readonly tries: number;
}

export function readRung(rung: Rung, view: View, reader: MarkReader): Promise<RungResult | ImageFailure> {
  return rung.with === 'own reader' ? readOwn(rung, view, reader) : readGeneral(rung, view, reader);
}

async function readOwn(
  { where, thorough, lens }: Rung & { with: 'own reader' },
  view: View,
  { memory }: MarkReader,
): Promise<RungResult | ImageFailure> {
  const boxes = await ownBoxes(view, where);
  if (typeof boxes === 'string') return boxes;
  const options = optionsOf(memory);
  const candidates: Uint8Array[] = [];
  const softDecisions: SoftDecision[] = [];
  const symbols: FoundSymbol[] = [];
  let tries = 0;
  for (const box of boxes) {
    const triesMax = lens === undefined ? THOROUGH_TRIES_MAX : LENS_TRIES_MAX;
    const search = thorough ? new MatrixSearch(triesMax, options) : new MatrixSearch(QUICK_TRIES_MAX);
    const matrix = readMatrix(lens === undefined ? box : smoothed(box, lens), search);
    tries += search.tries;
    candidates.push(...search.candidates);
    if (matrix === null) {
      softDecisions.push(...search.softDecisions);
      continue;
    }
    symbols.push(symbolOf(matrix));
    if (options.isPossible(matrix.bytes)) break;
  }
  return { symbols, candidates, softDecisions, tries };
}

async function ownBoxes(view: View, where: OwnPlace): Promise<readonly GreyImage[] | ImageFailure> {
  if (where === 'top right') return view.boxes(where);
  if (where === 'boxes') return view.boxes('whole');
  return where === 'itself' ? view.itself() : view.itselfAndBoxes();
}

/** What several pictures of one piece give together, where none of them gave it alone. */
export function readTogetherOf(pictures: readonly (readonly SoftDecision[])[], { memory }: MarkReader): RungResult {
  const search = new MatrixSearch(COMBINED_TRIES_MAX, optionsOf(memory));
  const matrix = readCombined(pictures, search);
  const symbols = matrix === null ? [] : [symbolOf(matrix)];
  return { symbols, candidates: search.candidates, softDecisions: [], tries: search.tries };
}

function optionsOf(memory: MarkMemory): CandidateOptions {
  return {
    isPossible: (bytes) => 'indicium' in parseIndicium(bytes),
    knownCodewords: (map) => memory.knownCodewords(map),
    candidatesMax: CANDIDATES_MAX,
  };
}

function symbolOf(matrix: MatrixReading): FoundSymbol {
  const { bytes } = matrix;
  return { symbology: 'DataMatrix', bytes, text: Buffer.from(bytes).toString('latin1'), matrix };
}

/** A symbol of 64 modules that fills a larger picture has modules of three pixels, which a general reader sees as they are. */
const ENLARGED_SIDE_PX_MAX = 200;

async function readGeneral(
  rung: Rung & { with: 'general reader' },
  view: View,
  { general }: MarkReader,
): Promise<RungResult | ImageFailure> {
  const { where, search } = rung;
  const images = where === 'boxes' ? await view.itselfAndBoxes() : await wholeOf(view, where, search);
  if (typeof images === 'string') return images;
  const symbols: FoundSymbol[] = [];
  let tries = 0;
  for (const image of images) {
    // A crop is one of its boxes, and all of it.
    if (!view.noteSearch(image, rung)) continue;
    if (rung.doubled === true && Math.max(image.width, image.height) > ENLARGED_SIDE_PX_MAX) continue;
    tries += 1;
    symbols.push(...general.read(rung.doubled === true ? doubled(image) : image, search));
    if (symbols.some(({ bytes }) => 'indicium' in parseIndicium(bytes))) break;
  }
  return { symbols, candidates: [], softDecisions: [], tries };
}

async function wholeOf(
  view: View,
  where: 'top right' | 'whole',
  { symbologies }: Search,
): Promise<readonly GreyImage[] | ImageFailure> {
  const part = await view.calm(where, symbologies === 'any' ? ANY_REVERSALS_MAX : DATA_MATRIX_REVERSALS_MAX);
  return typeof part === 'string' ? part : [part];
}
