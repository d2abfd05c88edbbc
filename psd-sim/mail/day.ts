import type { Fleet, Slot } from '../fleet/fleet.ts';
import { clonePsd } from '../psd/factory.ts';
import type { Hardware } from '../psd/psd.ts';
import type { Random } from '../random.ts';
import { fraudCount, type Scenario } from '../scenario.ts';
import type { OddDay, Piece } from './piece.ts';
import { RATES, type Rate, STREETS } from './rates.ts';
import type { Town } from './towns.ts';
import { prepareTraps } from './traps.ts';

export interface Day {
  readonly pieces: Piece[];
  /** Some PSDs as they stood at some hour: what somebody who breaks one open then takes away. */
  readonly stolen: StolenImage[];
  /** Pieces of honest users that something odd happened to. */
  readonly odd: ReadonlyMap<OddDay, readonly Piece[][]>;
}

interface StolenImage {
  readonly psd: string;
  readonly hardware: Hardware;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const REFILL_MILLS = 200_000n;
const PIECES_PER_REPORT = 1_000;
/** PSDs that could be cloned in each hour. */
const CLONES_MIN = 16;
const CLONES_PER_FRAUD = 2;

/** Share of a day's franking in each hour, from 8 to 17: offices frank most before the last collection. */
const HOURLY_WEIGHTS = [4, 7, 10, 9, 6, 8, 12, 16, 20] as const;
const FIRST_HOUR = 8;

/** All honest franking of one day, in the order of time. */
export async function frankDay(
  scenario: Scenario,
  fleet: Fleet,
  random: Random,
  onProgress: (done: number) => void = () => {},
): Promise<Day> {
  const times = frankingTimes(scenario);
  const traps = prepareTraps(scenario, fleet, random.stream('traps'));
  const clones = random.stream('clones');
  const pieces: Piece[] = [];
  const stolen: StolenImage[] = [];
  let nextTheftMs = scenario.dayMs + (FIRST_HOUR + 1) * HOUR_MS;
  for (const atMs of times) {
    fleet.setTime(atMs);
    if (atMs >= nextTheftMs) {
      stolen.push(...takeClones(scenario, fleet, clones));
      nextTheftMs += HOUR_MS;
    }
    await traps.until(atMs);
    const piece = await frankPiece(fleet, random.pick(fleet.slots), random);
    pieces.push(piece);
    traps.note(piece);
    if (pieces.length % PIECES_PER_REPORT === 0) onProgress(pieces.length);
  }
  return { pieces, stolen, odd: traps.odd() };
}

/** The minute of each piece. */
function frankingTimes({ dayMs, pieces }: Pick<Scenario, 'dayMs' | 'pieces'>): number[] {
  const total = HOURLY_WEIGHTS.reduce((sum, weight) => sum + weight, 0);
  const times: number[] = [];
  let before = 0;
  for (const [index, weight] of HOURLY_WEIGHTS.entries()) {
    const from = Math.round((pieces * before) / total);
    before += weight;
    const count = Math.round((pieces * before) / total) - from;
    const hourMs = dayMs + (FIRST_HOUR + index) * HOUR_MS;
    for (let n = 0; n < count; n++) times.push(hourMs + Math.floor((n * 60) / count) * MINUTE_MS);
  }
  return times;
}

function takeClones(scenario: Scenario, fleet: Fleet, random: Random): StolenImage[] {
  if (!scenario.frauds.includes('fork')) return [];
  const count = Math.max(CLONES_MIN, CLONES_PER_FRAUD * fraudCount(scenario));
  const psds = fleet.psds;
  const chosen = psds.length <= count ? psds : Array.from({ length: count }, () => random.pick(psds));
  return chosen.map((psd) => ({ psd, hardware: clonePsd(fleet.hardwareOf(psd), random.bytes(psd)) }));
}

/** What may differ from an ordinary piece. */
interface PieceOptions {
  readonly rate?: Rate;
  readonly mailedIn?: Town;
}

/**
 * Franks one piece now, after a refill where the descending register is low. Where the link to the manufacturer fails,
 * another PSD under the same license prints instead (WO 99/48053, claim 6).
 */
export async function frankPiece(fleet: Fleet, slot: Slot, random: Random, options: PieceOptions = {}): Promise<Piece> {
  const { host, psd, license } = slot;
  const rate = options.rate ?? random.pick(RATES);
  const destinationTown = random.pick(fleet.towns);
  const house = random.int(1, 980);
  const destination = `${destinationTown.postcode}${String(random.int(0, 999_999)).padStart(6, '0')}`;
  const request = {
    license,
    postageMills: rate.postageMills,
    rateCategory: rate.rateCategory,
    destinationPostcode: destination,
  };
  let printed = host.frank(psd, request);
  if (printed === 'insufficient-funds') {
    const refilled = await host.refill(psd, license, REFILL_MILLS);
    printed = refilled === 'refilled' ? host.frank(psd, request) : host.frankUnder(request);
  }
  if (typeof printed === 'string') throw new Error(`${psd} refused to frank under ${license}: ${printed}`);
  return {
    payload: printed.payload,
    pieceCount: printed.pieceCount,
    printedAtMs: printed.printedAtMs,
    psd: printed.psd,
    license,
    holder: slot.holder,
    town: slot.town,
    mailedIn: options.mailedIn ?? slot.town,
    postageMills: rate.postageMills,
    weightGrams: random.int(rate.weightGrams[0], rate.weightGrams[1]),
    addressee: [
      `Box ${house}`,
      `${house} ${random.pick(STREETS)}`,
      `${destinationTown.name} ${destinationTown.state} ${destinationTown.postcode}`,
    ],
    destination,
    destinationTown,
    mailpieceId: newMailpieceId(random),
    damage: 'none',
  };
}

/** An ID tag as plants print it on the reverse (in the manner of UPU S18). */
export function newMailpieceId(random: Random): string {
  const digits = () => String(random.int(0, 999_999)).padStart(6, '0');
  return `J18C${digits()}${digits()}`;
}
