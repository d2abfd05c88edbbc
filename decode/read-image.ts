import { type Parsed, parseIndicium } from '../indicium/index.ts';
import type { Impression } from './datamatrix/impressions.ts';
import { GENERAL_LADDER, LADDER, type Rung } from './ladder.ts';
import { CANDIDATES_MAX, IMAGE_MS_MAX } from './limits.ts';
import { MarkMemory } from './mark-memory.ts';
import { type ImageFailure, openFrame, openPicture, type Picture } from './pixels.ts';
import { type FoundSymbol, readRung, readTogetherOf } from './rungs.ts';
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
      /** `reader-timeout` where not every way of reading was tried, since those before took all the time that an image may. */
      readonly failure: ImageFailure | 'no-symbol' | 'reader-timeout';
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
  /** Milliseconds that have been spent, since whenever: a picture gets IMAGE_MS_MAX of them. */
  readonly spentMs: () => number;
}

/** The project's own reader, with a general one for whatever it cannot read. */
export function createMarkReader(general: SymbolReader, spentMs = processorMs): MarkReader {
  return { name: 'indicia', general, ladder: LADDER, memory: new MarkMemory(), spentMs };
}

/** Of the processor, not of the clock: what others do on the machine must not change what is read. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** A general reader alone, for comparison: it may take as long as it likes. */
export function createGeneralReader(general: SymbolReader): MarkReader {
  return { name: general.name, general, ladder: GENERAL_LADDER, memory: new MarkMemory(), spentMs: () => 0 };
}

/** Width and height of a raw 8-bit grey frame, which do not stand in it. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** A picture of a piece as it came. */
export interface ImageBytes {
  readonly bytes: Uint8Array;
  readonly frame?: FrameSize;
}

/** Reads the indicium of an image file or raw frame; where there is none, the first symbol of any other kind. */
export async function readImage(bytes: Uint8Array, reader: MarkReader, frame?: FrameSize): Promise<ReadOutcome> {
  return outcomeOf(await look(frame === undefined ? { bytes } : { bytes, frame }, reader));
}

/**
 * Reads the indicium of several pictures of one piece: the first that gives it, or else all of them together, since what
 * is smudged on one may be plain on another.
 */
export async function readImages(images: readonly ImageBytes[], reader: MarkReader): Promise<ReadOutcome> {
  const looks: Look[] = [];
  for (const image of images) {
    const seen = await look(image, reader);
    looks.push(seen);
    if (seen.mark !== undefined && 'indicium' in seen.mark.parsed) break;
  }
  const attempts = looks.flatMap((seen) => seen.attempts);
  const read = looks.find(({ mark }) => mark !== undefined && 'indicium' in mark.parsed);
  if (read !== undefined) return outcomeOf({ ...read, attempts });
  const startedAtMs = performance.now();
  const { symbols, candidates, tries } = readTogetherOf(
    looks.map(({ impressions }) => impressions).filter((impressions) => impressions.length > 0),
    reader,
  );
  attempts.push({ rung: COMBINED, tries, ms: performance.now() - startedAtMs });
  const [symbol] = symbols;
  const mark = symbol === undefined ? looks.find((seen) => seen.mark !== undefined)?.mark : markOf(symbol, COMBINED);
  return outcomeOf({
    ...(mark === undefined ? {} : { mark }),
    failure: looks.find(({ failure }) => failure !== 'no-symbol')?.failure ?? 'no-symbol',
    candidates: distinct([...candidates, ...looks.flatMap((seen) => seen.candidates)]),
    impressions: [],
    attempts,
  });
}

const COMBINED = 'all pictures together';

/** What the ladder gave on one picture. */
interface Look {
  readonly mark?: ReadMark;
  /** Where there is no mark. */
  readonly failure: ImageFailure | 'no-symbol' | 'reader-timeout';
  readonly candidates: readonly Uint8Array[];
  readonly impressions: readonly Impression[];
  readonly attempts: readonly Attempt[];
}

function outcomeOf({ mark, failure, candidates, attempts }: Look): ReadOutcome {
  return mark === undefined ? { failure, candidates, attempts } : { mark, attempts };
}

async function look({ bytes, frame }: ImageBytes, reader: MarkReader): Promise<Look> {
  const startedMs = reader.spentMs();
  const picture = frame === undefined ? await openPicture(bytes) : openFrame(bytes, frame.width, frame.height);
  if (typeof picture === 'string') return { failure: picture, candidates: [], impressions: [], attempts: [] };
  return readPicture(picture, reader, startedMs);
}

/** A symbol that covers so much of a picture leaves no room for another one. */
const ALONE_SHARE = 0.25;

async function readPicture(picture: Picture, reader: MarkReader, startedMs: number): Promise<Look> {
  const view = new View(picture);
  const attempts: Attempt[] = [];
  const candidates: Uint8Array[] = [];
  const impressions: Impression[] = [];
  const ended = (failure: Look['failure'], mark?: ReadMark): Look => {
    const seen = { failure, candidates: distinct(candidates), impressions, attempts };
    return mark === undefined ? seen : { ...seen, mark };
  };
  let other: ReadMark | undefined;
  for (const rung of reader.ladder) {
    if (rung.on === 'faces' && !view.isFace) continue;
    if (reader.spentMs() - startedMs > IMAGE_MS_MAX) return ended('reader-timeout', other);
    const startedAtMs = performance.now();
    const result = await readRung(rung, view, reader);
    if (typeof result === 'string') return { failure: result, candidates: [], impressions: [], attempts };
    attempts.push({ rung: rung.name, tries: result.tries, ms: performance.now() - startedAtMs });
    for (const symbol of result.symbols) {
      const mark = markOf(symbol, rung.name);
      if ('indicium' in mark.parsed) {
        const { psd, license } = mark.parsed.indicium;
        const { matrix } = symbol;
        if (matrix !== undefined) reader.memory.note(`${psd} ${license}`, matrix.size, matrix.codewords);
        return ended('no-symbol', mark);
      }
      other ??= mark;
      if ((symbol.matrix?.areaPx ?? 0) > ALONE_SHARE * view.pixels) return ended('no-symbol', other);
    }
    candidates.push(...result.candidates);
    impressions.push(...result.impressions);
  }
  return ended('no-symbol', other);
}

function distinct(candidates: readonly Uint8Array[]): Uint8Array[] {
  const known = new Map(candidates.map((bytes) => [Buffer.from(bytes).toString('latin1'), bytes]));
  return [...known.values()].slice(0, CANDIDATES_MAX);
}

function markOf({ symbology, bytes, text }: FoundSymbol, rung: string): ReadMark {
  return { symbology, bytes, text, parsed: parseIndicium(bytes), rung };
}
