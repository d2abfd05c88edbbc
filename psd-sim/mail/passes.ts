import type { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';
import { distanceKm, type Town } from './towns.ts';

export type Pass = 'origin' | 'transit' | 'destination';

/** What a camera and a scale record of a piece where that is not what the piece says. */
export interface ReadOff {
  readonly mailpieceId?: string;
  readonly destination?: string;
  readonly weightGrams?: number;
}

/** One pass under a camera that somebody has settled: where, when, and what is read off there. */
export interface PlannedPass extends ReadOff {
  readonly town: Town;
  readonly pass: Pass;
  readonly atMs: number;
  /** Any of the plant's where it is not said. */
  readonly machine?: string;
  /** Until the record reaches the post's computers; within a second where it is not said. */
  readonly delayMs?: number;
}

/** What is known of a piece before its passes are settled. */
interface Mailed {
  readonly mailedIn: Town;
  readonly destinationTown: Town;
}

export const HOUR_MS = 3_600_000;
export const EVENING_HOUR = 18;
/** Share of the evening's scans in each hour from 18 to 22: collections come in until late, then the machines run full. */
const HOURLY_WEIGHTS = [1, 3, 5, 4] as const;
/** Over long ways mail flies; plants stand some kilometers from the towns that they are named by. */
const CARRIED_KM_PER_HOUR = 700;
/** From a piece's origin pass to the morning's sorting for the carriers, both ends included. */
const MORNING_AFTER_HOURS = [10, 12] as const;

export function eveningMs({ dayMs }: Pick<Scenario, 'dayMs'>, random: Random): number {
  const total = HOURLY_WEIGHTS.reduce((sum, weight) => sum + weight, 0);
  let left = random.int(0, total - 1);
  const hour = HOURLY_WEIGHTS.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return dayMs + (EVENING_HOUR + hour) * HOUR_MS + random.int(0, HOUR_MS - 1);
}

/** When a piece that left then is there: when it is due, or as soon as the way allows. */
export function arrivalMs(from: Town, leftAtMs: number, to: Town, dueMs: number): number {
  return Math.max(dueMs, leftAtMs + Math.ceil((distanceKm(from, to) / CARRIED_KM_PER_HOUR) * HOUR_MS));
}

export function originPass({ mailedIn }: Mailed, atMs: number): PlannedPass {
  return { town: mailedIn, pass: 'origin', atMs };
}

/** The morning after a pass elsewhere. */
export function destinationPass(
  { destinationTown }: Mailed,
  after: Pick<PlannedPass, 'town' | 'atMs'>,
  random: Random,
): PlannedPass {
  const [first, last] = MORNING_AFTER_HOURS;
  const dueMs = after.atMs + random.int(first * HOUR_MS, last * HOUR_MS);
  return {
    town: destinationTown,
    pass: 'destination',
    atMs: arrivalMs(after.town, after.atMs, destinationTown, dueMs),
  };
}
