import type { Policy } from '../judge/default-policy.ts';
import type { Sighting } from './sighting.ts';

/** Where a plant is, in degrees. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

const EARTH_KM = 6_371;
const MINUTES = 30;

/** What one mailpiece can do, by the parameters of the detectors `cloned-id`, `doubtful-path` and `copy`, whose heads explain them. */
export class PathRules {
  readonly scansMax: number;
  readonly scansPerPassMax: number;
  readonly unidentifiedScansMax: number;
  readonly areasMax: number;
  readonly reentryHalfHours: number;
  readonly #toleranceGrams: number;
  readonly #toleranceShare: number;
  readonly #kmPerMinute: number;
  readonly #toleranceMinutes: number;
  readonly #placeOf: (plant: number) => Place | undefined;
  /** By pair of plants. */
  readonly #km = new Map<number, number>();

  /** `placeOf` tells where the plant of that number is, if the registry says so. */
  constructor({ parameters }: Pick<Policy, 'parameters'>, placeOf: (plant: number) => Place | undefined) {
    const of = (name: string, detector = 'cloned-id') => {
      const value = parameters[detector]?.[name];
      if (value === undefined) throw new RangeError(`the policy has no ${detector}.${name}`);
      return value;
    };
    this.scansMax = of('scansMax');
    this.scansPerPassMax = of('scansPerPassMax', 'doubtful-path');
    this.unidentifiedScansMax = of('unidentifiedScansMax', 'copy');
    this.areasMax = of('areasMax');
    this.reentryHalfHours = 2 * of('reentryHours');
    this.#toleranceGrams = of('toleranceGrams');
    this.#toleranceShare = of('toleranceShare');
    this.#kmPerMinute = of('speedKmPerHour') / 60;
    this.#toleranceMinutes = of('clockToleranceMinutes');
    this.#placeOf = placeOf;
  }

  /** Forgets how far plants are from each other: the registry says it anew. */
  forgetPlaces(): void {
    this.#km.clear();
  }

  /** Whether both weights may be of one piece; true where one is not known. */
  areOneWeight(one: Sighting, other: Sighting): boolean {
    if (one.weightGrams === 0 || other.weightGrams === 0) return true;
    const difference = Math.abs(one.weightGrams - other.weightGrams);
    return (
      difference <= Math.max(this.#toleranceGrams, this.#toleranceShare * Math.max(one.weightGrams, other.weightGrams))
    );
  }

  /** Whether a piece may have been at both; true where a time, a plant or its place is not known. */
  canTravel(one: Sighting, other: Sighting): boolean {
    if (one.plant === other.plant || one.halfHour === 0 || other.halfHour === 0) return true;
    const km = this.#kmBetween(one.plant, other.plant);
    // The half hours are those in which the scans were begun: they may be nearly one more apart.
    const minutes = (Math.abs(one.halfHour - other.halfHour) + 1) * MINUTES + this.#toleranceMinutes;
    return km <= minutes * this.#kmPerMinute;
  }

  #kmBetween(one: number, other: number): number {
    const [less, more] = one < other ? [one, other] : [other, one];
    const key = more * 2 ** 24 + less;
    const known = this.#km.get(key);
    if (known !== undefined) return known;
    const [a, b] = [this.#placeOf(less), this.#placeOf(more)];
    const km = a === undefined || b === undefined ? 0 : distanceKm(a, b);
    if (this.#km.size >= PAIRS_KEPT_MAX) this.#km.clear();
    this.#km.set(key, km);
    return km;
  }
}

/** Some 100 bytes each: all pairs of 450 plants. */
const PAIRS_KEPT_MAX = 100_000;

/** On a sphere, as the macro distance_km of the store tells it. */
function distanceKm(one: Place, other: Place): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const latitudes = Math.sin(radians(other.latitude - one.latitude) / 2) ** 2;
  const longitudes = Math.sin(radians(other.longitude - one.longitude) / 2) ** 2;
  const share = latitudes + Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * longitudes;
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(share)));
}
