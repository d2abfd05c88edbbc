import type { CommittedFraud } from '../frauds/frauds.ts';
import type { Random } from '../random.ts';
import { asksForMore, type HonestTrap, type Scenario, trapCount } from '../scenario.ts';
import type { Day } from './day.ts';
import { arrivalMs, EVENING_HOUR, eveningMs, HOUR_MS, type PlannedPass } from './passes.ts';
import type { Piece } from './piece.ts';
import { type PlantQuirks, readAt } from './plant-quirks.ts';
import type { ScanEvent } from './scan-event.ts';
import type { Town } from './towns.ts';

export interface HonestOddity {
  readonly honest: HonestTrap;
  readonly scanIds: readonly string[];
  /** The plant that is odd as a whole. */
  readonly plant?: string;
}

export interface MailStream {
  /** In the order of delivery; a resent scan stands in it twice. */
  readonly deliveries: readonly ScanEvent[];
  readonly oddities: readonly HonestOddity[];
  readonly scanIdsOf: ReadonlyMap<Piece, readonly string[]>;
}

/** Clocks of sorters and PSDs may differ by hours; the post allows a day and a half. */
const SKEW_MS = 20 * HOUR_MS;
type UnnamedScan = Omit<ScanEvent, 'scanId'>;

/** What was odd about honest mail beside the traps of each day. */
export interface OddMail {
  readonly pieces: ReadonlyMap<HonestTrap, readonly (readonly Piece[])[]>;
  readonly quirks: PlantQuirks;
}

const NOTHING_ODD: OddMail = { pieces: new Map(), quirks: {} };

const SCAN_TRAPS = ['rescan', 'resent', 'late', 'lost', 'clock-skew', 'smudged'] as const;

/**
 * Every piece passes its plant in the evening; re-scanned ones pass others after it. Carriers deliver most records of
 * scans within a second, some hours later, some twice, some never.
 */
export function sortMail(
  scenario: Scenario,
  day: Day,
  frauds: readonly CommittedFraud[],
  random: Random,
  played: OddMail = NOTHING_ODD,
): MailStream {
  const guilty = new Set(frauds.flatMap((fraud) => fraud.pieces));
  const odd = new Set([...day.odd.values()].flat(2));
  const innocent = shuffled(
    day.pieces.filter((piece) => !guilty.has(piece) && !odd.has(piece) && piece.passes === undefined),
    random,
  );
  const traps = trapCount(scenario);
  const trapped = new Map(
    SCAN_TRAPS.map((trap, part) => [trap, new Set(innocent.slice(part * traps, (part + 1) * traps))] as const),
  );
  const isTrapped = (trap: (typeof SCAN_TRAPS)[number], piece: Piece) => trapped.get(trap)?.has(piece) ?? false;

  const scans: UnnamedScan[] = [];
  for (const piece of day.pieces) {
    if (isTrapped('lost', piece)) continue;
    if (piece.passes !== undefined) {
      for (const planned of piece.passes) scans.push(plannedScan(piece, planned, random));
      continue;
    }
    const skewMs = isTrapped('clock-skew', piece) ? SKEW_MS : 0;
    const sortedAtMs = eveningMs(scenario, random);
    const scannedAtMs = (piece.handedInAtMs ?? sortedAtMs) - skewMs;
    const delayMs = skewMs + (isTrapped('late', piece) ? 7 * HOUR_MS : random.int(200, 900));
    const origin = scanOf(piece, piece.mailedIn, 'origin', scannedAtMs, delayMs, random);
    scans.push(origin);
    if (isTrapped('rescan', piece)) scans.push(...passesAfter(scenario, day, origin, random));
  }
  if (scenario.images !== 'none') for (const piece of trapped.get('smudged') ?? []) piece.damage = 'heavy smudge';

  const scales = random.stream('scales');
  const recorded = asksForMore(scenario) ? scans.map((scan) => readAt(scan, played.quirks, scales)) : scans;
  const events = nameScans(recorded, scenario.dayMs);
  const again = events
    .filter((event) => isTrapped('resent', event.piece))
    .map((event) => ({ ...event, deliveredAtMs: event.deliveredAtMs + random.int(1_000, 600_000) }));
  const deliveries = [...events, ...again].toSorted((a, b) => a.deliveredAtMs - b.deliveredAtMs);

  const eventsOf = Map.groupBy(events, (event) => event.piece);
  const scanIdsOf = new Map([...eventsOf].map(([piece, its]) => [piece, its.map((event) => event.scanId)]));
  const scanIds = (pieces: readonly Piece[]) => pieces.flatMap((piece) => scanIdsOf.get(piece) ?? []);
  const oddities: HonestOddity[] = [];
  for (const trap of SCAN_TRAPS) {
    if (trap === 'smudged' && scenario.images === 'none') continue;
    const pieces = [...(trapped.get(trap) ?? [])];
    const touched = trap === 'lost' ? pieces.flatMap((piece) => neighbors(day, piece)) : pieces;
    for (const piece of touched) oddities.push({ honest: trap, scanIds: scanIds([piece]) });
  }
  for (const [honest, groups] of [...day.odd, ...played.pieces]) {
    for (const pieces of groups) oddities.push({ honest, scanIds: scanIds(pieces) });
  }
  for (const [honest, plant] of [
    ['slow-plant-clock', played.quirks.slowPlant],
    ['other-scale', played.quirks.otherScale?.plant],
  ] as const) {
    const its = events.filter((event) => event.plant === plant).map((event) => event.scanId);
    if (plant !== undefined) oddities.push({ honest, scanIds: its, plant });
  }
  return { deliveries, oddities: oddities.filter((oddity) => oddity.scanIds.length > 0), scanIdsOf };
}

/**
 * In the night a piece may pass a plant on the way, in the morning it passes the one of its destination; where the way
 * is too long for that, later.
 */
function passesAfter(scenario: Scenario, day: Day, origin: UnnamedScan, random: Random): UnnamedScan[] {
  const { piece } = origin;
  const eveningStartMs = scenario.dayMs + EVENING_HOUR * HOUR_MS;
  const delayMs = () => random.int(200, 900);
  const transit = random.pick(day.pieces).town;
  const atDestinationMs = eveningStartMs + random.int(10 * HOUR_MS, 12 * HOUR_MS);
  const onTheWayMs = eveningStartMs + random.int(6 * HOUR_MS, 8 * HOUR_MS);
  if (random.fraction() >= 0.5) {
    const atMs = arrivalMs(piece.mailedIn, origin.scannedAtMs, piece.destinationTown, atDestinationMs);
    return [scanOf(piece, piece.destinationTown, 'destination', atMs, delayMs(), random)];
  }
  const passedAtMs = arrivalMs(piece.mailedIn, origin.scannedAtMs, transit, onTheWayMs);
  const atMs = arrivalMs(transit, passedAtMs, piece.destinationTown, atDestinationMs);
  return [
    scanOf(piece, piece.destinationTown, 'destination', atMs, delayMs(), random),
    scanOf(piece, transit, 'transit', passedAtMs, delayMs(), random),
  ];
}

/** The pieces of the same register set around one that was never scanned. */
function neighbors(day: Day, lost: Piece): Piece[] {
  return day.pieces.filter(({ psd, license, pieceCount }) => {
    const distance = pieceCount - lost.pieceCount;
    return psd === lost.psd && license === lost.license && (distance === 1n || distance === -1n);
  });
}

function scanOf(
  piece: Piece,
  town: Town,
  pass: ScanEvent['pass'],
  scannedAtMs: number,
  delayMs: number,
  random: Random,
): UnnamedScan {
  const machine = random.pick(town.machines);
  return { piece, plant: town.plant, machine, pass, scannedAtMs, deliveredAtMs: scannedAtMs + delayMs };
}

function plannedScan(piece: Piece, planned: PlannedPass, random: Random): UnnamedScan {
  const { town, pass, atMs, machine, delayMs, ...readOff } = planned;
  const scan = scanOf(piece, town, pass, atMs, delayMs ?? random.int(200, 900), random);
  return { ...scan, ...(machine !== undefined && { machine }), readOff };
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
