export type { RunSummary } from './pipeline.ts';
export type { Faults } from './reader.ts';
export { type RunReport, run } from './run.ts';
export { SorterService } from './sorter-service.ts';
export { runStage } from './stages/run-stage.ts';
export { isLoopback } from './stages/stage-api.ts';
export { STAGES, type StageOptions } from './stages/stage-ports.ts';
export { countsOf } from './stages/stage-tally.ts';
export { TrustWatch } from './trust-watch.ts';
