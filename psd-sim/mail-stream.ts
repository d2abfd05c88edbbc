import type { Day, Piece } from './day.ts';
import type { CommittedFraud } from './frauds.ts';
import type { Random } from './random.ts';
import { type HonestTrap, type Scenario, trapCount } from './scenario.ts';
import type { Town } from './towns.ts';

/** One pass of one piece under one camera. */
export interface ScanEvent {
  readonly scanId: string;
  readonly piece: Piece;
  readonly plant: Town;
  readonly machine: string;
  readonly pass: 'origin' | 'destination';
  readonly scannedAtMs: number;
  /** When the record of the scan reaches the post's computers: the order of the stream. */
  readonly deliveredAtMs: number;
}

export interface HonestOddity {
  readonly honest: HonestTrap;
  readonly scanIds: readonly string[];
}

export interface MailStream {
  /** In the order of delivery; a resent scan stands in it twice. */
  readonly deliveries: readonly ScanEvent[];
  readonly oddities: readonly HonestOddity[];
  readonly scanIdsOf: ReadonlyMap<Piece, readonly string[]>;
}

const HOUR_MS = 3_600_000;
const EVENING_MS = 18 * HOUR_MS;

type UnnamedScan = Omit<ScanEvent, 'scanId'>;

/** Every piece passes its plant in the evening; honest oddities are worked in. */
export function sortMail(scenario: Scenario, day: Day, frauds: readonly CommittedFraud[], random: Random): MailStream {
  const guilty = new Set(frauds.flatMap((fraud) => fraud.pieces));
  const innocent = shuffled(
    day.pieces.filter((piece) => !guilty.has(piece)),
    random,
  );
  const traps = trapCount(scenario);
  const [rescanned, resent, late, smudged] = [0, 1, 2, 3].map(
    (part) => new Set(innocent.slice(part * traps, (part + 1) * traps)),
  );

  const scans: UnnamedScan[] = day.pieces.map((piece) => {
    const scannedAtMs = scenario.dayMs + EVENING_MS + random.int(0, 4 * HOUR_MS);
    const delayMs = late?.has(piece) ? 7 * HOUR_MS : random.int(200, 900);
    return scanOf(piece, piece.mailedIn, 'origin', scannedAtMs, delayMs, random);
  });
  for (const piece of rescanned ?? []) {
    const scannedAtMs = scenario.dayMs + EVENING_MS + random.int(10 * HOUR_MS, 12 * HOUR_MS);
    scans.push(scanOf(piece, piece.destinationTown, 'destination', scannedAtMs, random.int(200, 900), random));
  }
  if (scenario.images !== 'none') for (const piece of smudged ?? []) piece.damage = 'heavy smudge';

  const events = nameScans(scans, scenario.dayMs);
  const again = events
    .filter((event) => resent?.has(event.piece))
    .map((event) => ({ ...event, deliveredAtMs: event.deliveredAtMs + random.int(1_000, 600_000) }));
  const deliveries = [...events, ...again].toSorted((a, b) => a.deliveredAtMs - b.deliveredAtMs);

  const eventsOf = Map.groupBy(events, (event) => event.piece);
  const scanIdsOf = new Map([...eventsOf].map(([piece, its]) => [piece, its.map((event) => event.scanId)]));
  const oddity = (honest: HonestTrap, pieces: Iterable<Piece> = []): HonestOddity[] => {
    return Array.from(pieces, (piece) => ({ honest, scanIds: scanIdsOf.get(piece) ?? [] }));
  };
  const oddities = [
    ...oddity('rescan', rescanned),
    ...oddity('resent', resent),
    ...oddity('late', late),
    ...(scenario.images === 'none' ? [] : oddity('smudged', smudged)),
  ];
  return { deliveries, oddities, scanIdsOf };
}

function scanOf(
  piece: Piece,
  plant: Town,
  pass: 'origin' | 'destination',
  scannedAtMs: number,
  delayMs: number,
  random: Random,
): UnnamedScan {
  return {
    piece,
    plant,
    machine: random.pick(plant.machines),
    pass,
    scannedAtMs,
    deliveredAtMs: scannedAtMs + delayMs,
  };
}

/** `DBCS-12/20261120A/000123`: machine, run and sequence number within the run. */
function nameScans(scans: readonly UnnamedScan[], dayMs: number): ScanEvent[] {
  const run = `${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}A`;
  const sequence = new Map<string, number>();
  return scans
    .toSorted((a, b) => a.scannedAtMs - b.scannedAtMs)
    .map((scan) => {
      const number = (sequence.get(scan.machine) ?? 0) + 1;
      sequence.set(scan.machine, number);
      return { ...scan, scanId: `${scan.machine}/${run}/${String(number).padStart(6, '0')}` };
    });
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, order: random.fraction() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
