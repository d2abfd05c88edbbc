import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  binarizers,
  characterSets,
  defaultReaderOptions,
  eanAddOnSymbols,
  encodeFormats,
  prepareZXingModule,
  textModes,
  type ZXingReaderModule,
  type ZXingReaderOptions,
} from 'zxing-wasm/reader';
import type { GreyImage, ReadSymbol, Search, SymbolReader } from './symbol-reader.ts';

const BINARIZER = { local: 'LocalAverage', global: 'GlobalHistogram', fixed: 'FixedThreshold' } as const;
const ANY_MATRIX = ['DataMatrix', 'PDF417', 'QRCode', 'Aztec'] as const;

/**
 * ZXing-C++ compiled to WebAssembly, loaded from the installed package: left alone it would fetch its binary from the
 * network. Grey pixels go in directly by the module's own entry, which takes a third of the time of RGBA.
 */
export async function createZxingWasmReader(): Promise<SymbolReader> {
  const wasmBinary = new Uint8Array(
    await readFile(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm'))),
  ).buffer;
  const module = await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
  const buffer = new PixelBuffer(module);
  return {
    name: 'zxing-wasm',
    read: (image, search) => readSymbols(module, buffer.hold(image), image, search),
  };
}

/** One allocation inside the module, reused from image to image and grown when a larger one comes. */
class PixelBuffer {
  readonly #module: ZXingReaderModule;
  #pointer = 0;
  #bytes = 0;

  constructor(module: ZXingReaderModule) {
    this.#module = module;
  }

  hold(image: GreyImage): number {
    if (image.pixels.length > this.#bytes) {
      if (this.#pointer !== 0) this.#module._free(this.#pointer);
      this.#pointer = this.#module._malloc(image.pixels.length);
      if (this.#pointer === 0) throw new Error(`no ${image.pixels.length} bytes for an image in the reader's memory`);
      this.#bytes = image.pixels.length;
    }
    this.#module.HEAPU8.set(image.pixels, this.#pointer);
    return this.#pointer;
  }
}

function readSymbols(module: ZXingReaderModule, pointer: number, image: GreyImage, search: Search): ReadSymbol[] {
  const results = module.readBarcodesFromPixmap(pointer, image.width, image.height, optionsFor(search));
  const symbols: ReadSymbol[] = [];
  try {
    for (let index = 0; index < results.size(); index++) {
      const result = results.get(index);
      if (result === undefined || result.error !== '') continue;
      const { format: symbology, text, sequenceSize, sequenceIndex, sequenceId } = result;
      const bytes = Uint8Array.from(result.bytes);
      if (sequenceSize < 0) symbols.push({ symbology, bytes, text });
      else {
        const part = { number: sequenceIndex + 1, of: sequenceSize === 0 ? null : sequenceSize, id: sequenceId };
        symbols.push({ symbology, bytes, text, part });
      }
    }
  } finally {
    // The declared type leaves out that a vector lives in the module's memory until it is deleted.
    if ('delete' in results && typeof results.delete === 'function') results.delete();
  }
  return symbols;
}

function optionsFor(search: Search): ZXingReaderOptions {
  return {
    ...defaultReaderOptions,
    formats: encodeFormats(search.symbologies === 'any' ? [...ANY_MATRIX] : ['DataMatrix']),
    binarizer: binarizers.indexOf(BINARIZER[search.threshold]),
    maxNumberOfSymbols: search.symbolsMax,
    eanAddOnSymbol: eanAddOnSymbols.indexOf('Ignore'),
    textMode: textModes.indexOf('HRI'),
    characterSet: characterSets.indexOf('Unknown'),
  };
}
