import type { PlantRecord } from '../indicium/index.ts';
import type { PlantZones } from './registry.ts';
import { RegistryError } from './registry-error.ts';

const ENCODER = new TextEncoder();
const IANA_NAME = /^[A-Za-z]/;

/**
 * What zone each plant is in; null where none is told.
 *
 * @throws RegistryError for a zone that the time zone database does not have, and for a plant in two zones. `file` is named.
 */
export function zonesOfPlants(plants: readonly PlantRecord[], file: string): PlantZones | null {
  const zones = new Map<string, string>();
  for (const { plant, timeZone } of plants) {
    if (timeZone === undefined) continue;
    const known = zones.get(plant);
    if (known !== undefined && known !== timeZone) {
      throw new RegistryError(`${file}: plant ${plant} is in two time zones, ${known} and ${timeZone}`);
    }
    if (known === undefined && !isZone(timeZone)) throw new RegistryError(`${file}: no time zone: ${timeZone}`);
    zones.set(plant, timeZone);
  }
  if (zones.size === 0) return null;
  const bytes = ENCODER.encode(JSON.stringify([...zones]));
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

/** The zone of each plant by its name. */
export function readPlantZones(zones: PlantZones): ReadonlyMap<string, string> {
  return new Map(JSON.parse(Buffer.from(new Uint8Array(zones)).toString('utf8')));
}

function isZone(name: string): boolean {
  try {
    // An offset such as +01:00 is taken as well, but knows nothing of summer.
    return IANA_NAME.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
