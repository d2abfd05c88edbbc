import { type Parsed, parseIndicium } from '../indicium/index.ts';
import { GENERAL_LADDER, LADDER, type Rung } from './ladder.ts';
import { CANDIDATES_MAX } from './limits.ts';
import { MarkMemory } from './mark-memory.ts';
import { type ImageFailure, openFrame, openPicture, type Picture } from './pixels.ts';
import { type FoundSymbol, readRung } from './rungs.ts';
import type { ReadSymbol, SymbolReader } from './symbol-reader.ts';
import { View } from './view.ts';

export interface ReadMark extends ReadSymbol {
  readonly parsed: Parsed;
  /** Which rung of the ladder read it. */
  readonly rung: string;
}

/** What was spent on one rung: tries of error correction, or readings by the general reader. */
export interface Attempt {
  readonly rung: string;
  readonly tries: number;
  readonly ms: number;
}

export type ReadOutcome = { readonly attempts: readonly Attempt[] } & (
  | { readonly mark: ReadMark }
  | {
      readonly failure: ImageFailure | 'no-symbol';
      /** Readings in doubt that may be an indicium: one whose signature holds is right. */
      readonly candidates: readonly Uint8Array[];
    }
);

/** A ladder with the general reader that stands on it, and what it remembers from image to image. */
export interface MarkReader {
  readonly name: string;
  readonly general: SymbolReader;
  readonly ladder: readonly Rung[];
  readonly memory: MarkMemory;
}

/** The project's own reader, with a general one for whatever it cannot read. */
export function createMarkReader(general: SymbolReader): MarkReader {
  return { name: 'indicia', general, ladder: LADDER, memory: new MarkMemory() };
}

/** A general reader alone, for comparison. */
export function createGeneralReader(general: SymbolReader): MarkReader {
  return { name: general.name, general, ladder: GENERAL_LADDER, memory: new MarkMemory() };
}

/** Width and height of a raw 8-bit grey frame, which do not stand in it. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** Reads the indicium of an image file or raw frame; where there is none, the first symbol of any other kind. */
export async function readImage(bytes: Uint8Array, reader: MarkReader, frame?: FrameSize): Promise<ReadOutcome> {
  const picture = frame === undefined ? await openPicture(bytes) : openFrame(bytes, frame.width, frame.height);
  if (typeof picture === 'string') return { failure: picture, candidates: [], attempts: [] };
  return readPicture(picture, reader);
}

/** A symbol that covers so much of a picture leaves no room for another one. */
const ALONE_SHARE = 0.25;

async function readPicture(picture: Picture, reader: MarkReader): Promise<ReadOutcome> {
  const view = new View(picture);
  const attempts: Attempt[] = [];
  const candidates = new Map<string, Uint8Array>();
  let other: ReadMark | undefined;
  for (const rung of reader.ladder) {
    if (rung.on === 'faces' && !view.isFace) continue;
    const startedAtMs = performance.now();
    const result = await readRung(rung, view, reader);
    if (typeof result === 'string') return { failure: result, candidates: [], attempts };
    attempts.push({ rung: rung.name, tries: result.tries, ms: performance.now() - startedAtMs });
    for (const symbol of result.symbols) {
      const mark = markOf(symbol, rung);
      if ('indicium' in mark.parsed) {
        const { psd, license } = mark.parsed.indicium;
        const { matrix } = symbol;
        if (matrix !== undefined) reader.memory.note(`${psd} ${license}`, matrix.size, matrix.codewords);
        return { mark, attempts };
      }
      other ??= mark;
      if ((symbol.matrix?.areaPx ?? 0) > ALONE_SHARE * view.pixels) return { mark: other, attempts };
    }
    for (const bytes of result.candidates) candidates.set(Buffer.from(bytes).toString('latin1'), bytes);
  }
  if (other !== undefined) return { mark: other, attempts };
  return { failure: 'no-symbol', candidates: [...candidates.values()].slice(0, CANDIDATES_MAX), attempts };
}

function markOf({ symbology, bytes, text }: FoundSymbol, rung: Rung): ReadMark {
  return { symbology, bytes, text, parsed: parseIndicium(bytes), rung: rung.name };
}
