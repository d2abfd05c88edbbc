import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prepareZXingModule, type ZXingWriterModule } from 'zxing-wasm/writer';

/** A symbol as modules: 1 is dark. Square, without quiet zone. */
export interface SymbolModules {
  readonly size: number;
  readonly dark: Uint8Array;
}

/** More than the 1,555 bytes that the largest symbol holds. */
const PAYLOAD_BYTES_MAX = 2_048;
const OPTIONS = {
  format: 'DataMatrix',
  // Bytes are announced as such by an extended channel otherwise, which takes three codewords and stands in no mark.
  options: 'forceSquare,eci=Unknown',
  scale: 1,
  rotate: 0,
  invert: false,
  addHRT: false,
  addQuietZones: false,
};

/**
 * Zint compiled to WebAssembly, in a binary of its own beside the one that reads. It is handed over from the installed
 * package: left alone it would be fetched from the network.
 */
const writer: ZXingWriterModule = await prepareZXingModule({
  overrides: {
    wasmBinary: new Uint8Array(readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/writer/zxing_writer.wasm'))))
      .buffer,
  },
  fireImmediately: true,
});
const payloadPointer = writer._malloc(PAYLOAD_BYTES_MAX);

/** Data Matrix ECC 200 of the smallest square size that holds the payload (ISO/IEC 16022). */
export function dataMatrix(payload: Uint8Array): SymbolModules {
  if (payload.length > PAYLOAD_BYTES_MAX) throw new RangeError(`no symbol holds ${payload.length} bytes`);
  writer.HEAPU8.set(payload, payloadPointer);
  const { symbol, error } = writer.writeBarcodeFromBytes(payloadPointer, payload.length, OPTIONS);
  if (error !== '') throw new Error(`the symbol writer: ${error}`);
  if (symbol.width !== symbol.height) throw new Error(`the symbol is ${symbol.width} by ${symbol.height} modules`);
  const dark = new Uint8Array(symbol.data.length);
  for (let i = 0; i < dark.length; i++) dark[i] = symbol.data[i] === 0 ? 1 : 0;
  return { size: symbol.width, dark };
}
