export { runStage } from './run-stage.ts';
export { isLoopback } from './stage-api.ts';
export type { StageOptions } from './stage-ports.ts';
export { countsOf } from './stage-tally.ts';
