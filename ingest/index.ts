export * from './kafka/index.ts';
export { openSource } from './open-source.ts';
export { parseScanLines, type ScanLines } from './scan-lines.ts';
export { type BatchAnswers, type ScanBatch, type ScanSource, SourceError, type SourcePosition } from './source.ts';
