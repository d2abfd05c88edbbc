export type { RunSummary } from './pipeline.ts';
export type { Faults } from './reader.ts';
export { type RunReport, run } from './run.ts';
export { STAGES } from './stages/stage-ports.ts';
export { TrustWatch } from './trust-watch.ts';
