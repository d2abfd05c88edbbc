import { DEFAULT_POLICY } from '../analytics/judge/default-policy.ts';
import { PathRules } from '../analytics/sightings/path-rules.ts';
import type { Sighting } from '../analytics/sightings/sighting.ts';
import { Sightings } from '../analytics/sightings/sightings.ts';
import { count, machine, markdownTable, median } from './table.ts';

/**
 * What it costs to compare each scan of a mailpiece with its path. Pieces are seen in three passes at three plants; the peer
 * keeps what was seen first and asks for the same id alone, which finds no copied tag. Then letters of one copied mark and id,
 * each of which is compared with all before it, up to the bound.
 */

const SETS = 20_000;
const PIECES = 1_000_000;
const ROUNDS = 5;
const HALF_HOUR = 1_000_000;
const PASSES = ['origin', 'transit', 'destination'] as const;
const PLACES = [
  { latitude: 41.3, longitude: -73.1 },
  { latitude: 39.9, longitude: -83 },
  { latitude: 33.1, longitude: -96.8 },
];
const RULES = new PathRules(DEFAULT_POLICY, (plant) => PLACES[plant - 1]);
const COPIES = 100_000;

type Observe = (registerSet: number, pieceCount: bigint, sighting: Sighting) => unknown;

process.stdout.write(`${machine()}; ${count(PIECES)} pieces, three scans each; medians of ${ROUNDS} rounds\n\n`);
const measured: { paths: number[][]; ids: number[][]; copies: number[] } = { paths: [], ids: [], copies: [] };
for (let round = 0; round < ROUNDS; round++) {
  measured.paths.push(passes(withPaths()));
  measured.ids.push(passes(byIdAlone()));
  measured.copies.push(copies(withPaths()));
}
const rows = PASSES.map((pass, index) => {
  const [path, id] = [measured.paths, measured.ids].map((rounds) => median(rounds.map((its) => its[index] ?? 0)));
  return [pass, (id ?? 0).toFixed(2), (path ?? 0).toFixed(2), ((path ?? 0) - (id ?? 0)).toFixed(2)];
});
process.stdout.write(markdownTable(['pass', 'by id alone, µs a scan', 'with paths, µs a scan', 'more, µs'], rows));
process.stdout.write(
  `\nEach of ${count(COPIES)} scans under one mark and id: ${median(measured.copies).toFixed(1)} µs\n`,
);

function withPaths(): Observe {
  const index = new Sightings(RULES);
  for (let set = 0; set < SETS; set++) index.addSet();
  return (set, pieceCount, sighting) => index.observe(set, pieceCount, sighting);
}

/** The same index, told of the first scan only; another id or content is left to it, the same id is a re-scan. */
function byIdAlone(): Observe {
  const index = withPaths();
  const seen = Array.from({ length: SETS }, () => new Map<bigint, Sighting>());
  return (set, pieceCount, sighting) => {
    const first = seen[set]?.get(pieceCount);
    if (first?.mailpiece === sighting.mailpiece && first.content === sighting.content) return [];
    seen[set]?.set(pieceCount, sighting);
    return index(set, pieceCount, sighting);
  };
}

/** Microseconds of a scan, pass by pass. */
function passes(observe: Observe): number[] {
  return PASSES.map((pass, stage) => {
    const startedAtMs = performance.now();
    for (let piece = 0; piece < PIECES; piece++) {
      observe(piece % SETS, BigInt(Math.floor(piece / SETS)), seen(piece, pass, stage));
    }
    return (1000 * (performance.now() - startedAtMs)) / PIECES;
  });
}

function seen(piece: number, pass: Sighting['pass'], stage: number): Sighting {
  const halfHour = HALF_HOUR + stage * 24;
  const [content, mailpiece] = [BigInt(piece), BigInt(piece + 1)];
  return { content, mailpiece, plant: stage + 1, pass, halfHour, weightGrams: 20 + stage, area: 7_503 };
}

function copies(observe: Observe): number {
  const startedAtMs = performance.now();
  for (let copy = 0; copy < COPIES; copy++) {
    observe(0, 1n, { ...seen(1, 'origin', copy % 3), halfHour: HALF_HOUR + (copy % 1_000), weightGrams: copy % 500 });
  }
  return (1000 * (performance.now() - startedAtMs)) / COPIES;
}
