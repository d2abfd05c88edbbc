export { FleetStream, type StreamedFleet } from './fleet/fleet-stream.ts';
export { Replay, ReplayError } from './mail/replay.ts';
export { type FraudLine, PROVED_BY, PROVED_BY_REVIEW, partsIn, type TruthLine } from './mail/truth.ts';
export { type Part, ROLES, type Role } from './roles.ts';
export {
  EVERY_FRAUD,
  FRAUDS,
  type FraudName,
  FURTHER_FRAUDS,
  type HonestTrap,
  IMAGE_KINDS,
  type ImageKind,
  ODDITIES,
  type OddityName,
  OFFICES_KINDS,
  type OfficesKind,
  PAYMENTS,
  type Payment,
  possibleFrauds,
  type Scenario,
  ScenarioError,
} from './scenario.ts';
export { type Answer, type BeforeGate, beforeGate, innocentsAsSuspects, type Score, score } from './score.ts';
export { type Simulated, simulate } from './simulate.ts';
