export { addIgnored, emptySummary, type RunSummary, runPipeline } from './pipeline.ts';
export type { Faults, IgnoredCount } from './reader.ts';
export { createReaderPool } from './reader-pool.ts';
export { SorterService } from './sorter-service.ts';
export { TrustWatch } from './trust-watch.ts';
