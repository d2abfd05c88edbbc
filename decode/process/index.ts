export type { ImageAnswer, ImageOrder } from './orders.ts';
export { type ImageCounts, ImageReaders } from './readers.ts';
