export { FleetStream, type StreamedFleet } from './fleet-stream.ts';
export { Replay, ReplayError } from './replay.ts';
export {
  FRAUDS,
  type FraudName,
  IMAGE_KINDS,
  type ImageKind,
  OFFICES_KINDS,
  type OfficesKind,
  PAYMENTS,
  type Payment,
  type Scenario,
  ScenarioError,
} from './scenario.ts';
export { type Simulated, simulate } from './simulate.ts';
export { type Answer, type Score, score, type TruthLine } from './truth.ts';
