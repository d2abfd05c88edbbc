import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { BATCH_SCANS_MAX, digest64, missing, type Scan } from '../indicium/index.ts';
import { malformedScan } from './bare-scan.ts';
import { BATCH_BYTES_MAX, BATCH_IMAGES_MAX } from './limits.ts';
import type { Line } from './lines.ts';
import { type BrokenMark, brokenMark, brokenScan, scanOrBroken, THREAD_ENDED } from './scan-faults.ts';
import { parseScanLine, type ScanOrigin } from './scan-line.ts';

/**
 * Lines of one source as they came. They are parsed by the reader of the marks, in its own thread, since parsing all of
 * them in one would hold up the others; so this is plain data over one buffer.
 */
export interface ScanLines {
  /** The lines, one after another, without newlines. */
  readonly text: Uint8Array;
  /** Where each line ends in `text`. */
  readonly ends: Uint32Array<ArrayBuffer>;
  /** Number of the first line, from 1. */
  readonly firstLine: number;
  /** Lines that were too long, by their place among these, with the SHA-256 of their bytes in hex. */
  readonly skipped: ReadonlyMap<number, string>;
  /** False where no line has the name of that field, in plain or escaped letters: none of them names an image. */
  readonly mayNameImages: boolean;
  /** Names the source in the scan id of a line that has none. */
  readonly label: string;
  readonly imageFolder: ScanOrigin['imageFolder'];
  readonly plant?: ScanOrigin['plant'];
  readonly sender?: ScanOrigin['sender'];
}

/** Lines, by their place, that are not to be looked at: they ended the thread that parsed them. */
export type GivenUp = ReadonlySet<number>;
const NONE: GivenUp = new Set();

/** Leaves room for a line number within the length of a scan id. */
const PLACE_CHARS_MAX = 200;
const LABEL_DIGEST_CHARS = 16;
const BYTE_ORDER_MARK = '\u{feff}';

/**
 * The scans of the lines, in their order, one at a time, so that thousands of them need not be held. An empty line is
 * none; a line without usable scan id is named by its place.
 */
export function* parseScanLines(
  { text, ends, firstLine, skipped, label, imageFolder, plant, sender }: ScanLines,
  givenUp: GivenUp = NONE,
): Generator<Scan, void, undefined> {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const isText = isUtf8(bytes);
  const place = placeOf(label);
  const malformed = (scanId: string, detail: string, digest: string) => {
    return { ...malformedScan(scanId, detail, digest), plant: plant ?? null, sender: sender ?? null };
  };
  let start = 0;
  for (let index = 0; index < ends.length; index++) {
    const end = ends[index] ?? start;
    const fallbackId = () => `${place}:${firstLine + index}`;
    const skippedDigest = skipped.get(index);
    const broken = (mark: BrokenMark) => {
      const digest = digest64(bytes.subarray(start, end));
      return brokenScan({ scanId: fallbackId(), plant: plant ?? null, sender: sender ?? null, digest }, mark);
    };
    if (skippedDigest !== undefined) {
      yield malformed(fallbackId(), 'longer than a line may be', skippedDigest);
    } else if (givenUp.has(index)) {
      yield broken(brokenMark('reader-failed', new Error(THREAD_ENDED)));
    } else if (!isTextBetween(bytes, start, end, isText)) {
      // Decoding turns every invalid byte into U+FFFD, so that two scan ids would become one.
      yield malformed(fallbackId(), 'not UTF-8', hash('sha256', bytes.subarray(start, end)));
    } else {
      const line = lineText(bytes, start, end);
      if (line.trim() !== '') {
        yield scanOrBroken(() => parseScanLine(line, { fallbackId, imageFolder, plant, sender }), broken);
      }
    }
    start = end;
  }
}

/** The end of a path, so that a line number has room; two of the same end are told apart by a digest of the whole. */
function placeOf(label: string): string {
  if (label.length <= PLACE_CHARS_MAX) return label;
  const start = hash('sha256', label).slice(0, LABEL_DIGEST_CHARS);
  return `${start}…${label.slice(LABEL_DIGEST_CHARS + 1 - PLACE_CHARS_MAX).replace(/^[\udc00-\udfff]/, '')}`;
}

/** Where all bytes together are UTF-8, a line of them is, too, unless a character goes on beyond one of its ends. */
function isTextBetween(bytes: Buffer, start: number, end: number, isText: boolean): boolean {
  if (!isText) return isUtf8(bytes.subarray(start, end));
  return !isContinuation(bytes[start]) && !isContinuation(bytes[end]);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** The lines from the first one up to the other. */
export function partOfLines(lines: ScanLines, from: number, to: number): ScanLines {
  const start = from === 0 ? 0 : (lines.ends[from - 1] ?? missing('ends'));
  const skipped = [...lines.skipped].flatMap(([at, digest]) =>
    at >= from && at < to ? [[at - from, digest] as const] : [],
  );
  return {
    ...lines,
    text: lines.text.subarray(start, lines.ends[to - 1] ?? start),
    ends: lines.ends.slice(from, to).map((end) => end - start),
    firstLine: lines.firstLine + from,
    skipped: new Map(skipped),
  };
}

export function lineText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

const FIRST_VISIBLE = 0x21;
const ASCII_END = 0x7f;

/** Whether a line is empty as its parser sees it: such a line is not a scan. */
export function isBlank(line: Buffer): boolean {
  const first = line[0] ?? 0;
  if (first >= FIRST_VISIBLE && first < ASCII_END) return false;
  return lineText(line, 0, line.length).trim() === '';
}

/** Only a hint for the size of a batch: a payload may come with an unknown field of this name. */
const IMAGE_FIELD = Buffer.from('"image');
/** A letter may be escaped, too. */
const ESCAPED = Buffer.from('\\u00');

/** Gathers lines until a batch is full: 5,000 of them, 8 MB, or 64 that name images. */
export class ScanLinesBuilder {
  /** Names the source. */
  readonly label: string;
  readonly #origin: ScanOrigin;
  #lines: Buffer[] = [];
  #skipped = new Map<number, string>();
  #images = 0;
  #bytes = 0;

  constructor(label: string, origin: ScanOrigin) {
    this.label = label;
    this.#origin = origin;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** True when the batch is full and must be taken before the next line. */
  add({ bytes, skippedDigest }: Line): boolean {
    if (skippedDigest !== null) this.#skipped.set(this.#lines.length, skippedDigest);
    this.#lines.push(bytes ?? Buffer.alloc(0));
    if (bytes?.includes(IMAGE_FIELD) || bytes?.includes(ESCAPED)) this.#images += 1;
    this.#bytes += bytes?.length ?? 0;
    const isFull = this.#lines.length >= BATCH_SCANS_MAX || this.#bytes >= BATCH_BYTES_MAX;
    return isFull || this.#images >= BATCH_IMAGES_MAX;
  }

  /** `lastLine` is the number of the line added last. */
  take(lastLine: number): ScanLines {
    const lines = this.#lines;
    const ends = new Uint32Array(lines.length);
    // Shared with the thread that reads them: should it end at one of them, the others are here to be read again.
    const text = new Uint8Array(new SharedArrayBuffer(lines.reduce((total, line) => total + line.length, 0)));
    let end = 0;
    for (const [index, line] of lines.entries()) {
      text.set(line, end);
      end += line.length;
      ends[index] = end;
    }
    const skipped = this.#skipped;
    const mayNameImages = this.#images > 0;
    this.#lines = [];
    this.#skipped = new Map();
    this.#images = 0;
    this.#bytes = 0;
    const firstLine = lastLine - lines.length + 1;
    return { text, ends, firstLine, skipped, mayNameImages, label: this.label, ...this.#origin };
  }
}
