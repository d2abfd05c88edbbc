import type { Fleet } from '../fleet/fleet.ts';
import type { CommittedFraud } from '../frauds/frauds.ts';
import type { Day } from '../mail/day.ts';
import type { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';

/** Where honest oddities are played: a day into which frauds are already worked. */
export interface OddScene {
  readonly scenario: Scenario;
  readonly fleet: Fleet;
  readonly day: Day;
  readonly frauds: readonly CommittedFraud[];
  readonly random: Random;
}
