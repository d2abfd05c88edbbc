import { DEFAULT_POLICY } from '../../analytics/judge/default-policy.ts';
import { PathRules, type Place } from '../../analytics/sightings/path-rules.ts';
import type { Sighting } from '../../analytics/sightings/sighting.ts';

/** Plants 1 and 2 stand near each other, 3 stands some 2,500 km away; of others nothing is known. */
const PLACES: Readonly<Record<number, Place>> = {
  1: { latitude: 41.3, longitude: -73.1 },
  2: { latitude: 41.2, longitude: -73.0 },
  3: { latitude: 33.1, longitude: -96.8 },
};

/** What one piece can do, by the policy that is built in. */
export const RULES = new PathRules(DEFAULT_POLICY, (plant) => PLACES[plant]);

/** A sighting in the middle of a day; what a test does not care about is filled in, or unknown. */
export function sightingOf(change: Partial<Sighting> = {}): Sighting {
  const nothing = { halfHour: 0, weightGrams: 0, area: 0 };
  return { content: 1n, mailpiece: 1n, plant: 1, pass: 'origin', ...nothing, ...change };
}
