import { DEFAULT_POLICY } from '../analytics/judge/index.ts';
import { PathRules } from '../analytics/sightings/path-rules.ts';
import { BYTES_A_SIGHTING } from '../analytics/sightings/sighting-columns.ts';
import { Sightings } from '../analytics/sightings/sightings.ts';

const SETS = 20_000;
/** Contents and mailpiece, eight bytes each, and the rest of a sighting. */
const BYTES = 16 + BYTES_A_SIGHTING;
const PIECES = 200_000;
const HALF_HOUR = 1_000_000;

/** First sightings in the order of an evening, over writing as many bytes to as many places. */
export async function sightingsAndMemory() {
  const sightings = new Sightings(new PathRules(DEFAULT_POLICY, () => undefined));
  for (let set = 0; set < SETS; set++) sightings.addSet();
  const memory = new Uint8Array(2 ** 28);
  const bytes = new Uint8Array(BYTES);
  let piece = 0;
  let place = 0;
  const timed = (work: () => void) => {
    const startedAtMs = performance.now();
    for (let times = 0; times < PIECES; times++) work();
    return ((performance.now() - startedAtMs) * 1_000) / PIECES;
  };
  const note = () => {
    const content = BigInt(piece) + 1n;
    const seen = {
      content,
      mailpiece: content,
      plant: 1,
      pass: 'origin',
      halfHour: HALF_HOUR,
      weightGrams: 20,
    } as const;
    sightings.observe(piece % SETS, BigInt(Math.floor(piece / SETS)), { ...seen, area: 7_503 });
    piece += 1;
  };
  const copy = () => {
    // One set after another, so that hardly any place is in a cache.
    place = (place + 12_582_917) % (memory.length - BYTES);
    memory.set(bytes, place);
  };
  return {
    stage: 'a first sighting',
    limit: `writing its ${BYTES} bytes anywhere in 256 MiB`,
    sample: async () => [timed(note), timed(copy)] as const,
  };
}
