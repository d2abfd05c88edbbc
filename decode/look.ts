import { parseIndicium } from '../indicium/index.ts';
import type { SoftDecision } from './datamatrix/soft-decisions.ts';
import type { Rung } from './ladder.ts';
import { CANDIDATES_MAX, IMAGE_MS_MAX } from './limits.ts';
import type { Attempt, MarkReader, ReadMark } from './mark-reader.ts';
import type { Channel, ImageFailure, Pages, Picture } from './picture.ts';
import { type FoundSymbol, readRung } from './rungs.ts';
import { View } from './view.ts';

/** What the ladder gave on the pages of one file. */
export interface Look {
  readonly mark?: ReadMark;
  /** Where there is no mark. */
  readonly failure: ImageFailure | 'no-symbol' | 'reader-timeout';
  readonly candidates: readonly Uint8Array[];
  readonly softDecisions: readonly SoftDecision[];
  readonly attempts: readonly Attempt[];
  /** What was seen, for people; not given where nothing needs saying. */
  readonly note?: string;
}

/** A symbol that covers so much of a picture leaves no room for another one. */
const ALONE_SHARE = 0.25;

/** Each way of reading is tried on all pages before the next: a thumbnail in front must not take the time of the mark. */
export async function lookAt({ pages, total }: Pages, reader: MarkReader, startedMs: number): Promise<Look> {
  const readable = pages.flatMap((picture, index) =>
    typeof picture === 'string' ? [] : [new Page(picture, index + 1)],
  );
  const attempts: Attempt[] = [];
  const candidates: Uint8Array[] = [];
  const softDecisions: SoftDecision[] = [];
  let failure: ImageFailure | undefined = pages.find((page) => typeof page === 'string');
  let other: { readonly mark: ReadMark; readonly page: Page } | undefined;
  const ended = (isTimeout: boolean): Look => {
    const seen = { candidates: distinct(candidates), softDecisions, attempts };
    if (other !== undefined) return { ...seen, failure: 'no-symbol', mark: other.mark, ...noteOfMark(other, total) };
    const cause = isTimeout ? 'reader-timeout' : (failure ?? 'no-symbol');
    return { ...seen, failure: cause, ...noteOfPages(readable, total) };
  };
  for (const rung of reader.ladder) {
    for (const page of readable) {
      if (page.isDone || !(await page.suits(rung))) continue;
      if (reader.spentMs() - startedMs > IMAGE_MS_MAX) return ended(true);
      const startedAtMs = performance.now();
      const result = await readRung(rung, page.view(rung.channel), reader);
      if (typeof result === 'string') {
        failure ??= result;
        page.isDone = true;
        continue;
      }
      attempts.push({ rung: rung.name, tries: result.tries, ms: performance.now() - startedAtMs });
      for (const symbol of result.symbols) {
        const mark = markOf(symbol, rung.name);
        if ('indicium' in mark.parsed) {
          remember(reader, symbol, mark);
          other = { mark, page };
          return ended(false);
        }
        other ??= { mark, page };
        if ((symbol.matrix?.areaPx ?? 0) > ALONE_SHARE * page.view().pixels) page.isDone = true;
      }
      candidates.push(...result.candidates);
      softDecisions.push(...result.softDecisions);
    }
  }
  return ended(false);
}

/** One picture of a file, with its views. */
class Page {
  readonly picture: Picture;
  /** From 1. */
  readonly number: number;
  /** Nothing more is to be found on it. */
  isDone = false;
  readonly #views = new Map<Channel, View>();
  #hasColor: Promise<boolean> | undefined;

  constructor(picture: Picture, number: number) {
    this.picture = picture;
    this.number = number;
  }

  view(channel: Channel = 'usual'): View {
    const view = this.#views.get(channel) ?? new View(this.picture, channel);
    this.#views.set(channel, view);
    return view;
  }

  async suits({ on }: Rung): Promise<boolean> {
    if (on === 'faces') return this.view().isFace;
    if (on === 'crops') return this.view().isCrop;
    if (on === 'any picture') return true;
    this.#hasColor ??= this.picture.hasColor();
    return this.#hasColor;
  }
}

export function markOf({ symbology, bytes, text, part }: FoundSymbol, rung: string): ReadMark {
  const mark = { symbology, bytes, text, parsed: parseIndicium(bytes), rung };
  return part === undefined ? mark : { ...mark, part };
}

export function distinct(candidates: readonly Uint8Array[]): Uint8Array[] {
  const known = new Map(candidates.map((bytes) => [Buffer.from(bytes).toString('latin1'), bytes]));
  return [...known.values()].slice(0, CANDIDATES_MAX);
}

function remember(reader: MarkReader, { matrix }: FoundSymbol, { parsed }: ReadMark): void {
  if (matrix === undefined || !('indicium' in parsed)) return;
  const { psd, license } = parsed.indicium;
  reader.memory.note(`${psd} ${license}`, matrix.size, matrix.codewords);
}

/** Where the mark was, and what it is a part of. */
function noteOfMark(found: { readonly mark: ReadMark; readonly page: Page }, total: number): Pick<Look, 'note'> {
  const { part } = found.mark;
  const notes = total > 1 ? [`page ${found.page.number} of ${total}`] : [];
  if (part !== undefined) {
    const id = part.id === '' ? '' : `, id ${part.id.toWellFormed().slice(0, PART_ID_CHARS_MAX)}`;
    notes.push(`part ${part.number} of ${part.of ?? 'an unknown number'} (structured append${id})`);
  }
  return notes.length === 0 ? {} : { note: notes.join('; ') };
}

const PART_ID_CHARS_MAX = 64;
const SIZES_MAX = 4;

function noteOfPages(pages: readonly Page[], total: number): Pick<Look, 'note'> {
  if (pages.length === 0) return {};
  const sizes = pages.slice(0, SIZES_MAX).map(({ picture }) => `${picture.width} x ${picture.height}`);
  const more = pages.length > SIZES_MAX ? ', …' : '';
  const counted = total === 1 ? '' : `${pages.length} of ${total} pages: `;
  return { note: `${counted}${sizes.join(', ')}${more} pixels` };
}
