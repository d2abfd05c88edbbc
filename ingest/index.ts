export { openSource } from './open-source.ts';
export { type ScanBatch, type ScanSource, SourceError, type SourcePosition } from './source.ts';
