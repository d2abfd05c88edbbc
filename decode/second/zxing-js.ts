import {
  AztecCodeReader,
  BinaryBitmap,
  DataMatrixReader,
  DecodeHintType,
  Exception,
  GlobalHistogramBinarizer,
  HybridBinarizer,
  PDF417Reader,
  QRCodeReader,
  type Reader,
  RGBLuminanceSource,
} from '@zxing/library';
import type { GreyImage, ReadSymbol, Search, SymbolReader } from '../symbol-reader.ts';

const READERS: readonly { symbology: string; create: () => Reader }[] = [
  { symbology: 'DataMatrix', create: () => new DataMatrixReader() },
  { symbology: 'PDF417', create: () => new PDF417Reader() },
  { symbology: 'QRCode', create: () => new QRCodeReader() },
  { symbology: 'Aztec', create: () => new AztecCodeReader() },
];
const HINTS = new Map<DecodeHintType, unknown>([[DecodeHintType.TRY_HARDER, true]]);

/**
 * The second reader: ZXing's port to JavaScript. It reads at most one symbol of a kind and knows no fixed threshold.
 * Its readers are called one by one, since the one that combines them prints every failure on the console.
 */
export function createZxingJsReader(): SymbolReader {
  return {
    name: '@zxing/library',
    read(image, search): ReadSymbol[] {
      const { threshold } = search;
      if (threshold === 'fixed') return [];
      const readers = search.symbologies === 'any' ? READERS : READERS.slice(0, 1);
      return readers.flatMap(({ symbology, create }) => {
        const text = readText(create(), bitmapOf(image, threshold));
        return text === null ? [] : [{ symbology, bytes: latin1Bytes(text), text }];
      });
    },
  };
}

function bitmapOf(image: GreyImage, threshold: Exclude<Search['threshold'], 'fixed'>): BinaryBitmap {
  const source = new RGBLuminanceSource(new Uint8ClampedArray(image.pixels), image.width, image.height);
  return new BinaryBitmap(threshold === 'local' ? new HybridBinarizer(source) : new GlobalHistogramBinarizer(source));
}

function readText(reader: Reader, bitmap: BinaryBitmap): string | null {
  try {
    return reader.decode(bitmap, HINTS).getText();
  } catch (error) {
    // The library reports "nothing found" by throwing, and trips over its own indices on some damaged symbols.
    if (error instanceof Exception || error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
}

/** Bytes of the code points that the library's "ISO 8859-1", in truth Windows-1252, gives for 0x80 to 0x9f. */
const WINDOWS_1252 = new Map(
  Array.from({ length: 32 }, (_, index) => {
    const byte = 0x80 + index;
    return [new TextDecoder('windows-1252').decode(Uint8Array.of(byte)), byte];
  }),
);

/** The library gives text where bytes are wanted; each character stands for one byte. */
function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => WINDOWS_1252.get(character) ?? character.charCodeAt(0) & 0xff);
}
