import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  binarizers,
  characterSets,
  defaultReaderOptions,
  eanAddOnSymbols,
  encodeFormats,
  prepareZXingModule,
  textModes,
} from 'zxing-wasm/reader';
import { readMatrix } from '../decode/datamatrix/read-matrix.ts';
import { MatrixSearch } from '../decode/datamatrix/search.ts';
import type { SymbolReader } from '../decode/index.ts';
import { LENS_TRIES_MAX, THOROUGH_TRIES_MAX } from '../decode/limits.ts';
import { LENSES, smoothed } from '../decode/smoothed.ts';
import type { GreyImage, Search } from '../decode/symbol-reader.ts';

/** A way to read one crop that is already grey pixels. */
export interface CropReader {
  readonly name: string;
  /** Processes started for each picture make times incomparable: they are left out. */
  readonly isTimed: boolean;
  readonly read: (image: GreyImage) => Uint8Array | null;
}

export function ownReader(): CropReader {
  return {
    name: 'own',
    isTimed: true,
    read(image) {
      const plain = readMatrix(image, new MatrixSearch(THOROUGH_TRIES_MAX));
      if (plain !== null) return plain.bytes;
      for (const lens of LENSES) {
        const reading = readMatrix(smoothed(image, lens), new MatrixSearch(LENS_TRIES_MAX));
        if (reading !== null) return reading.bytes;
      }
      return null;
    },
  };
}

function search(threshold: Search['threshold']): Search {
  return { symbologies: 'Data Matrix', threshold, symbolsMax: 1 };
}

/** Data Matrix only, one symbol. */
export function tuned(reader: SymbolReader, name: string): CropReader {
  return { name, isTimed: true, read: (image) => reader.read(image, search('local'))[0]?.bytes ?? null };
}

/** One binarization after another until one reads. */
export function laddered(reader: SymbolReader, name: string): CropReader {
  return {
    name,
    isTimed: true,
    read(image) {
      for (const threshold of ['local', 'global', 'fixed'] as const) {
        const [symbol] = reader.read(image, search(threshold));
        if (symbol !== undefined) return symbol.bytes;
      }
      return null;
    },
  };
}

/** zxing-wasm as it comes: every format, as many symbols as there are. */
export async function zxingDefaults(): Promise<CropReader> {
  const wasm = fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm'));
  const module = await prepareZXingModule({
    overrides: { wasmBinary: new Uint8Array(await readFile(wasm)).buffer },
    fireImmediately: true,
  });
  const options = {
    ...defaultReaderOptions,
    formats: encodeFormats(defaultReaderOptions.formats),
    binarizer: binarizers.indexOf(defaultReaderOptions.binarizer),
    eanAddOnSymbol: eanAddOnSymbols.indexOf(defaultReaderOptions.eanAddOnSymbol),
    textMode: textModes.indexOf(defaultReaderOptions.textMode),
    characterSet: characterSets.indexOf(defaultReaderOptions.characterSet),
  };
  return {
    name: 'zxing-wasm, defaults',
    isTimed: true,
    read({ pixels, width, height }) {
      const pointer = module._malloc(pixels.length);
      module.HEAPU8.set(pixels, pointer);
      const results = module.readBarcodesFromPixmap(pointer, width, height, options);
      const bytes = results.get(0)?.bytes;
      const copy = bytes === undefined ? null : Uint8Array.from(bytes);
      if ('delete' in results && typeof results.delete === 'function') results.delete();
      module._free(pointer);
      return copy;
    },
  };
}

interface ReaderCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const COMMANDS: readonly ReaderCommand[] = [
  { name: 'libdmtx (dmtxread)', command: 'dmtxread', args: ['--milliseconds=1000', '--stop-after=1'] },
  { name: 'ZXing-C++ (ZXingReader)', command: 'ZXingReader', args: ['-format', 'DataMatrix', '-bytes'] },
];

/** Commands of other readers, where they are on the path, and the names of those that are not. */
export function findCommands(path = process.env.PATH ?? ''): { installed: ReaderCommand[]; missing: string[] } {
  const isThere = ({ command }: ReaderCommand) =>
    path.split(delimiter).some((folder) => existsSync(join(folder, command)));
  return {
    installed: COMMANDS.filter(isThere),
    missing: COMMANDS.filter((command) => !isThere(command)).map(({ name }) => name),
  };
}

/** Each is handed the picture as a PGM file. */
export function commandReaders(file: string, commands: readonly ReaderCommand[]): CropReader[] {
  return commands.map(({ name, command, args }) => ({
    name,
    isTimed: false,
    read({ width, height, pixels }) {
      writeFileSync(file, Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), pixels]));
      const { stdout } = spawnSync(command, [...args, file], { maxBuffer: 1 << 20 });
      return stdout.length === 0 ? null : stdout;
    },
  }));
}
