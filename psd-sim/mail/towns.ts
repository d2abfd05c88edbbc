import { createRequire } from 'node:module';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Random } from '../random.ts';

/** A town of deposit with the plant that sorts its mail. */
export interface Town {
  readonly name: string;
  readonly state: string;
  readonly postcode: string;
  readonly latitude: number;
  readonly longitude: number;
  /** Plants are named by the postcode of their own town. */
  readonly plant: string;
  readonly machines: readonly string[];
}

/** The towns of WO 99/48053's applicant, inventor and agents: in every simulated country. */
const FIRST_POSTCODES = ['06484', '06443', '75034'] as const;
const TOWNS_PER_LICENSE = 1 / 3;
const TOWNS_MAX = 2_000;
/** One plant sorts the mail of that many towns. */
const TOWNS_PER_PLANT = 8;
const MACHINES_PER_PLANT = 2;
/** Territories far out in the oceans have postcodes like any other, but no trucks to a plant on the mainland. */
const STATE = /^(?!AK|HI|PR|GU|VI|AS|MP|AA|AE|AP|FM|MH|PW)[A-Z]{2}$/;

const ZipRecord = Compile(
  Type.Object({
    zip: Type.String(),
    latitude: Type.Number(),
    longitude: Type.Number(),
    city: Type.String(),
    state: Type.String(),
    country: Type.Literal('US'),
  }),
);
type Place = Omit<Town, 'plant' | 'machines'>;

/**
 * Towns and plants of a simulated country, from ZIP codes with their coordinates (the package zipcodes; after GeoNames,
 * CC BY 4.0): three that are always there, others as many as the licenses need; each town belongs to the plant nearest.
 */
export function foundTowns(licenses: number, random: Random): Town[] {
  const count = Math.min(TOWNS_MAX, Math.max(FIRST_POSTCODES.length, Math.ceil(licenses * TOWNS_PER_LICENSE)));
  const places = FIRST_POSTCODES.map(placeOf);
  const taken = new Set<string>(FIRST_POSTCODES);
  const candidates = count > places.length ? Object.keys(zipRecords()).toSorted() : [];
  while (places.length < count) {
    const postcode = random.pick(candidates);
    const place = taken.has(postcode) ? null : parsePlace(zipRecords()[postcode]);
    if (place === null) continue;
    taken.add(postcode);
    places.push(place);
  }
  const plants = places.slice(0, Math.max(FIRST_POSTCODES.length, Math.ceil(count / TOWNS_PER_PLANT)));
  return places.map((place) => {
    const [plant] = plants.toSorted((a, b) => distanceKm(a, place) - distanceKm(b, place));
    const number = plants.findIndex(({ postcode }) => postcode === plant?.postcode);
    const machines = Array.from({ length: MACHINES_PER_PLANT }, (_, index) => `DBCS-${number + 1}${index + 1}`);
    return { ...place, plant: plant?.postcode ?? place.postcode, machines };
  });
}

/** Great-circle distance (haversine; the Earth as a sphere of 6,371 km). */
export function distanceKm(a: Pick<Town, 'latitude' | 'longitude'>, b: Pick<Town, 'latitude' | 'longitude'>): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (from: number, to: number) => Math.sin(radians(to - from) / 2) ** 2;
  const chord =
    half(a.latitude, b.latitude) +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * half(a.longitude, b.longitude);
  return 2 * 6_371 * Math.asin(Math.sqrt(chord));
}

function placeOf(postcode: string): Place {
  const place = parsePlace(zipRecords()[postcode]);
  if (place === null) throw new Error(`the data set of postcodes lacks ${postcode}`);
  return place;
}

function parsePlace(record: unknown): Place | null {
  if (!ZipRecord.Check(record) || !STATE.test(record.state)) return null;
  const { zip, latitude, longitude, city, state } = record;
  return { name: city, state, postcode: zip, latitude, longitude };
}

let loaded: Record<string, unknown> | null = null;

/** Parsing its 5 MB takes a third of a second, so it waits until somebody needs a town. */
function zipRecords(): Record<string, unknown> {
  loaded ??= Object.fromEntries(Object.entries(requiredCodes()));
  return loaded;
}

function requiredCodes(): object {
  const found: unknown = createRequire(import.meta.url)('zipcodes');
  const codes = typeof found === 'object' && found !== null && 'codes' in found ? found.codes : null;
  if (typeof codes !== 'object' || codes === null) throw new Error('the package zipcodes has no codes');
  return codes;
}
