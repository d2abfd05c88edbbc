import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Attempt,
  createGeneralReader,
  createMarkReader,
  createZxingWasmReader,
  type FrameSize,
  type ImageBytes,
  type MarkReader,
  type ReadOutcome,
  readImage,
  readImageFile,
  readImages,
  type SymbolPart,
} from '../decode/index.ts';
import {
  foreignFields,
  formatMills,
  parseForeignMark,
  plainFields,
  printable,
  REASONS,
  type ReasonCode,
} from '../indicium/index.ts';
import { filesOfFolder } from '../ingest/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonOption } from './options.ts';
import { type ShownFields, shownFields } from './shown-fields.ts';
import { print, printJson, type Terminal, warn } from './terminal.ts';

const READERS = {
  indicia: async () => createMarkReader(await createZxingWasmReader()),
  'zxing-wasm': async () => createGeneralReader(await createZxingWasmReader()),
  '@zxing/library': async () => createGeneralReader((await import('../decode/second/index.ts')).createZxingJsReader()),
} satisfies Record<string, () => Promise<MarkReader>>;

interface DecodeOptions {
  readonly reader: keyof typeof READERS;
  readonly raw?: FrameSize;
  readonly onePiece?: boolean;
  readonly json?: boolean;
}

export function addDecodeCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('decode')
    .summary('read the symbol of each image')
    .description('Reads the indicium of each image; where there is none, the first Data Matrix, PDF417, QR or Aztec.')
    .argument('<file...>', 'images, or folders of images')
    .addOption(new Option('--reader <name>', 'which reader to use').choices(Object.keys(READERS)).default('indicia'))
    .addOption(new Option('--raw <size>', 'the files are raw 8-bit grey frames, e.g. 2000x880').argParser(frameSize))
    .option('--one-piece', 'the files are pictures of one piece, which are taken together')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia decode day/images --json\n  indicia decode --raw 2000x880 frame.grey')
    .action(async (paths: string[], options: DecodeOptions) => {
      const reader = await READERS[options.reader]();
      let unread = 0;
      const { files, others } = await expand(paths, options.raw !== undefined);
      for (const group of options.onePiece === true ? [files] : files.map((file) => [file])) {
        const startedAtMs = performance.now();
        const outcome = await readFiles(group, reader, options.raw);
        const file = group.join(' ');
        const readMs = Number((performance.now() - startedAtMs).toFixed(2));
        if ('failure' in outcome) unread += 1;
        const line = { file, ...describe(outcome), readMs };
        await (options.json ? printJson(terminal, line) : print(terminal, textLine(line, outcome)));
      }
      if (unread > 0) warn(terminal, `${unread} of the images gave no symbol`);
      for (const sentence of others) warn(terminal, sentence);
      finish(unread + others.length > 0 ? EXIT.attention : EXIT.done);
    });
}

type FileOutcome =
  | ReadOutcome
  | {
      readonly failure: ReasonCode;
      readonly candidates: readonly [];
      readonly attempts: readonly [];
      readonly note?: undefined;
    };

async function readFiles(files: readonly string[], reader: MarkReader, frame?: FrameSize): Promise<FileOutcome> {
  const images: ImageBytes[] = [];
  for (const file of files) {
    const bytes = readImageFile(file);
    if (typeof bytes === 'string') return { failure: bytes, candidates: [], attempts: [] };
    images.push(frame === undefined ? { bytes } : { bytes, frame });
  }
  const [only] = images;
  return images.length === 1 && only !== undefined ? readImage(only.bytes, reader, frame) : readImages(images, reader);
}

function frameSize(text: string): FrameSize {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  if (width === undefined || height === undefined)
    throw new InvalidArgumentError('expected a width and height, e.g. 2000x880.');
  return { width: Number(width), height: Number(height) };
}

/** Files as they are named; of folders, the images in them, and sentences about what else is there. */
async function expand(
  paths: readonly string[],
  areFrames: boolean,
): Promise<{ readonly files: string[]; readonly others: string[] }> {
  const found: { files: string[]; others: string[] } = { files: [], others: [] };
  for (const path of paths) {
    if (!existsSync(path) || !(await stat(path)).isDirectory()) found.files.push(path);
    else {
      const { files, others } = await filesOfFolder(path, areFrames);
      found.files.push(...files);
      found.others.push(...others);
    }
  }
  return found;
}

interface Described {
  readonly symbology: string | null;
  readonly payload: string | null;
  readonly text: string | null;
  readonly fields: ShownFields | null;
  readonly rung: string | null;
  /** What was tried, in order. */
  readonly attempts: readonly Attempt[];
  /** Readings that only a signature could confirm. */
  readonly candidates: number;
  /** Why there is no symbol, or why the symbol is not an indicium. */
  readonly reason: ReasonCode | null;
  /** What was seen: which page it was on, or what gave no symbol. */
  readonly note: string | null;
  /** Where the symbol is one of several that belong together. */
  readonly part: SymbolPart | null;
}

function describe(outcome: FileOutcome): Described {
  const attempts = outcome.attempts.map(({ rung, tries, ms }) => ({ rung, tries, ms: Number(ms.toFixed(2)) }));
  if ('failure' in outcome) {
    const unread = { symbology: null, payload: null, text: null, fields: null, rung: null };
    const candidates = outcome.candidates.length;
    return { ...unread, attempts, candidates, reason: outcome.failure, note: outcome.note ?? null, part: null };
  }
  const { symbology, bytes, text, parsed, rung, part = null } = outcome.mark;
  const payload = Buffer.from(bytes).toString('base64');
  const read = { symbology, payload, text, rung, attempts, candidates: 0, note: outcome.note ?? null, part };
  if ('indicium' in parsed) return { ...read, fields: plainFields(parsed.indicium), reason: null };
  const foreign = parseForeignMark(bytes);
  return foreign === null
    ? { ...read, fields: null, reason: parsed.failure }
    : { ...read, fields: foreignFields(foreign), reason: 'no-key' };
}

function textLine(line: { readonly file: string; readonly readMs: number }, outcome: FileOutcome): string {
  const seen = outcome.note === undefined ? '' : ` (${printable(outcome.note)})`;
  return `${sentenceOf(line, outcome)}${seen}\n`;
}

function sentenceOf(line: { readonly file: string; readonly readMs: number }, outcome: FileOutcome): string {
  const { readMs } = line;
  const file = printable(line.file);
  if ('failure' in outcome) return `${file}: ${outcome.failure}: ${REASONS[outcome.failure]}`;
  const { symbology, bytes, parsed } = outcome.mark;
  if ('failure' in parsed) {
    const foreign = parseForeignMark(bytes);
    if (foreign !== null) {
      const { profile, post, kind, fields, unconfirmed } = foreign;
      const shown = shownFields({ ...fields, unconfirmed }).map(([name, value]) => `${name} ${value}`);
      return `${file}: ${symbology}, ${profile}: ${post}, ${kind}, no key, ${readMs} ms: ${shown.join(', ')}`;
    }
    const hex = Buffer.from(bytes).toString('hex');
    return `${file}: ${symbology}, ${bytes.length} bytes, no indicium (${parsed.failure}), ${readMs} ms: ${hex}`;
  }
  const { license, psd, pieceCount, postageMills, depositPostcode } = parsed.indicium;
  const what = `license ${license}, PSD ${psd}, piece ${pieceCount}, postage ${formatMills(postageMills)}`;
  return `${file}: ${symbology}, indicium: ${what}, deposited in ${depositPostcode}, ${readMs} ms`;
}
