export type { Recorded } from '../judge/batch-judge.ts';
export type { Author, StorePorts } from '../store/audit/author.ts';
export type { ReadingBatch } from './recorder.ts';
export { type RecorderNotices, RecorderThread } from './recorder-thread.ts';
