import type { PostalAuthority } from './authority.ts';
import type { Fleet, Slot } from './fleet.ts';
import type { MarkDamage } from './printer.ts';
import type { Franking, Psd } from './psd.ts';
import type { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { RATES, STREETS, TOWNS, type Town } from './towns.ts';

/** One physical mailpiece with the mark that is on it. */
export interface Piece {
  readonly mailpieceId: string;
  readonly payload: Buffer;
  readonly psd: Psd;
  readonly license: number;
  readonly holder: string;
  readonly pieceCount: bigint;
  /** Town whose name the mark carries. */
  readonly town: Town;
  /** Town where it is dropped into the mail: another one for a copy mailed far away. */
  readonly mailedIn: Town;
  readonly postageMills: bigint;
  readonly weightGrams: number;
  readonly printedAtMs: number;
  readonly addressee: readonly string[];
  /** Delivery point as sorters read it. */
  readonly destination: string;
  readonly destinationTown: Town;
  damage: MarkDamage;
}

export interface Day {
  readonly pieces: Piece[];
  /** Every PSD as it stood at noon: what somebody who breaks one open at noon could take away. */
  readonly atNoon: ReadonlyMap<Psd, Psd>;
  readonly noonMs: number;
}

const HOUR_MS = 3_600_000;
const REFILL_MILLS = 200_000n;

/** All honest franking of one day, in the order of time. */
export function frankDay(scenario: Scenario, fleet: Fleet, authority: PostalAuthority, random: Random): Day {
  const opensMs = scenario.dayMs + 8 * HOUR_MS;
  const noonMs = scenario.dayMs + 12 * HOUR_MS;
  const stepMs = (9 * HOUR_MS) / scenario.pieces;
  const pieces: Piece[] = [];
  let atNoon: ReadonlyMap<Psd, Psd> | undefined;
  for (let index = 0; index < scenario.pieces; index++) {
    const atMs = Math.floor(opensMs + index * stepMs);
    if (atMs >= noonMs) atNoon ??= takeClones(fleet);
    pieces.push(frankPiece(random.pick(fleet.slots), atMs, authority, random));
  }
  return { pieces, atNoon: atNoon ?? takeClones(fleet), noonMs };
}

function takeClones(fleet: Fleet): ReadonlyMap<Psd, Psd> {
  return new Map(fleet.psds.map((psd) => [psd, psd.cloned()]));
}

/** Franks one piece, after a refill where the descending register is low. */
export function frankPiece(slot: Slot, atMs: number, authority: PostalAuthority, random: Random): Piece {
  const rate = random.pick(RATES);
  const descending = slot.psd.registers(slot.license)?.descendingMills ?? 0n;
  if (descending < rate.postageMills) {
    slot.psd.refill(slot.license, REFILL_MILLS);
    authority.receiveFunds(slot.license, slot.psd.name, REFILL_MILLS, atMs - 60_000);
  }
  const destinationTown = random.pick(TOWNS);
  const house = random.int(1, 980);
  const destination = `${destinationTown.postcode}${String(random.int(0, 999_999)).padStart(6, '0')}`;
  const franking = slot.psd.frank({
    license: slot.license,
    postageMills: rate.postageMills,
    rateCategory: rate.rateCategory,
    printedAtMs: atMs,
    depositPostcode: slot.town.postcode,
    destinationPostcode: destination,
  });
  if (typeof franking === 'string') throw new Error(`${slot.psd.name} refused to frank: ${franking}`);
  return pieceOf(franking, slot, {
    postageMills: rate.postageMills,
    weightGrams: random.int(rate.weightGrams[0], rate.weightGrams[1]),
    printedAtMs: atMs,
    addressee: [
      `Box ${house}`,
      `${house} ${random.pick(STREETS)}`,
      `${destinationTown.name} ${destinationTown.state} ${destinationTown.postcode}`,
    ],
    destination,
    destinationTown,
    mailpieceId: newMailpieceId(random),
  });
}

function pieceOf(
  franking: Franking,
  slot: Slot,
  rest: Pick<
    Piece,
    'postageMills' | 'weightGrams' | 'printedAtMs' | 'addressee' | 'destination' | 'destinationTown' | 'mailpieceId'
  >,
): Piece {
  const { psd, license, holder, town } = slot;
  return { ...franking, psd, license, holder, town, mailedIn: town, ...rest, damage: 'none' };
}

/** An ID tag as plants print it on the reverse (in the manner of UPU S18). */
export function newMailpieceId(random: Random): string {
  const digits = () => String(random.int(0, 999_999)).padStart(6, '0');
  return `J18C${digits()}${digits()}`;
}
