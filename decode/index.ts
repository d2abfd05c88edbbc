export type { ImageFailure } from './grey-image.ts';
export { type FileFailure, readImageFile } from './image-file.ts';
export type { ImageAnswer, ImageOrder } from './process/orders.ts';
export { ImageReaders } from './process/readers.ts';
export { type ReadMark, type ReadOutcome, readImage } from './read-image.ts';
export type { SymbolReader } from './symbol-reader.ts';
export { createZxingJsReader } from './zxing-js.ts';
export { createZxingWasmReader } from './zxing-wasm.ts';
