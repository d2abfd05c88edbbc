export { type FileFailure, readImageFile } from './image-file.ts';
export type { ImageFailure } from './picture.ts';
export type { ImageAnswer, ImageOrder } from './process/orders.ts';
export { type ImageCounts, ImageReaders } from './process/readers.ts';
export {
  type Attempt,
  createGeneralReader,
  createMarkReader,
  type FrameSize,
  type ImageBytes,
  type MarkReader,
  type ReadMark,
  type ReadOutcome,
  readImage,
  readImages,
} from './read-image.ts';
export type { SymbolPart, SymbolReader } from './symbol-reader.ts';
export { createZxingJsReader } from './zxing-js.ts';
export { createZxingWasmReader } from './zxing-wasm.ts';
