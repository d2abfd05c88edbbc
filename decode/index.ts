export { type FileFailure, readImageFile } from './image-file.ts';
export { type Attempt, createGeneralReader, createMarkReader, type MarkReader, type ReadMark } from './mark-reader.ts';
export type { ImageFailure } from './picture.ts';
export { type FrameSize, type ImageBytes, type ReadOutcome, readImage, readImages } from './read-image.ts';
export type { SymbolPart, SymbolReader } from './symbol-reader.ts';
export { createZxingWasmReader } from './zxing-wasm.ts';
