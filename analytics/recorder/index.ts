export type { Recorded } from '../judge/batch-judge.ts';
export type { Author, StorePorts } from '../store/audit/author.ts';
export type { LakeStatus } from '../store/lake/lake-keeper.ts';
export type { ReadingBatch } from './recorder.ts';
export { type LakePorts, type RecorderNotices, RecorderThread } from './recorder-thread.ts';
