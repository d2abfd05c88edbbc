import bwipjs from 'bwip-js/node';

/** A symbol as modules: 1 is dark. Square, without quiet zone. */
export interface SymbolModules {
  readonly size: number;
  readonly dark: Uint8Array;
}

/** Data Matrix ECC 200 of the smallest square size that holds the payload (ISO/IEC 16022). */
export function dataMatrix(payload: Uint8Array): SymbolModules {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('latin1');
  const [symbol] = bwipjs.raw({ bcid: 'datamatrix', text, binarytext: true });
  if (symbol === undefined || !('pixs' in symbol)) throw new Error('the symbol writer gave no matrix');
  return { size: symbol.pixx, dark: Uint8Array.from(symbol.pixs) };
}
