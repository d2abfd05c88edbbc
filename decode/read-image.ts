import { openFrame } from './frame.ts';
import { NOTE_CHARS_MAX } from './limits.ts';
import { distinct, type Look, lookAt, markOf } from './look.ts';
import type { Attempt, MarkReader, ReadMark } from './mark-reader.ts';
import type { ImageFailure, Pages } from './picture.ts';
import { openPages } from './pixels.ts';
import { readTogetherOf } from './rungs.ts';

export type ReadOutcome = {
  readonly attempts: readonly Attempt[];
  /** What was seen, for people: on which page, that a symbol is a part, or what gave no symbol. */
  readonly note?: string;
} & (
  | { readonly mark: ReadMark }
  | {
      /** `reader-timeout` where not every way of reading was tried, since those before took all the time that an image may. */
      readonly failure: ImageFailure | 'no-symbol' | 'reader-timeout';
      /** Readings in doubt that may be an indicium: one whose signature holds is right. */
      readonly candidates: readonly Uint8Array[];
    }
);

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
    looks.map(({ softDecisions }) => softDecisions).filter((softDecisions) => softDecisions.length > 0),
    reader,
  );
  attempts.push({ rung: COMBINED, tries, ms: performance.now() - startedAtMs });
  const [symbol] = symbols;
  const mark = symbol === undefined ? looks.find((seen) => seen.mark !== undefined)?.mark : markOf(symbol, COMBINED);
  return outcomeOf({
    ...(mark === undefined ? {} : { mark }),
    failure: looks.find(({ failure }) => failure !== 'no-symbol')?.failure ?? 'no-symbol',
    candidates: distinct([...candidates, ...looks.flatMap((seen) => seen.candidates)]),
    softDecisions: [],
    attempts,
    ...noteOfAll(looks),
  });
}

const COMBINED = 'all pictures together';

function outcomeOf({ mark, failure, candidates, attempts, note }: Look): ReadOutcome {
  const noted = note === undefined ? { attempts } : { attempts, note };
  return mark === undefined ? { failure, candidates, ...noted } : { mark, ...noted };
}

async function look({ bytes, frame }: ImageBytes, reader: MarkReader): Promise<Look> {
  const startedMs = reader.spentMs();
  const pages = frame === undefined ? await openPages(bytes) : pagesOfFrame(bytes, frame);
  if (typeof pages === 'string') return { failure: pages, candidates: [], softDecisions: [], attempts: [] };
  return lookAt(pages, reader, startedMs);
}

function pagesOfFrame(bytes: Uint8Array, { width, height }: FrameSize): Pages | ImageFailure {
  const picture = openFrame(bytes, width, height);
  return typeof picture === 'string' ? picture : { pages: [picture], total: 1 };
}

/** What was seen on each of several pictures. */
function noteOfAll(looks: readonly Look[]): Pick<Look, 'note'> {
  const notes = looks.flatMap(({ note }, index) => (note === undefined ? [] : [`picture ${index + 1}: ${note}`]));
  return notes.length === 0 ? {} : { note: notes.join('; ').slice(0, NOTE_CHARS_MAX) };
}
