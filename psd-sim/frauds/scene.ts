import type { Fleet, Slot } from '../fleet/fleet.ts';
import { type Day, frankPiece } from '../mail/day.ts';
import type { Piece } from '../mail/piece.ts';
import type { Town } from '../mail/towns.ts';
import { type Guard, withoutGuards } from '../psd/guards.ts';
import type { Random } from '../random.ts';
import type { Part } from '../roles.ts';
import { type Scenario, ScenarioError } from '../scenario.ts';

/** Where frauds are committed: an honest day that they are worked into. */
export interface Scene {
  readonly scenario: Scenario;
  readonly fleet: Fleet;
  readonly day: Day;
  readonly random: Random;
  /** Pieces already part of a fraud: none is used twice, so that the truth stays exact. */
  readonly used: Set<Piece>;
}

/** A committed fraud: whose name it bears, and every piece that is part of it. */
export interface Committed {
  readonly slot: Pick<Slot, 'psd' | 'license'>;
  readonly pieces: readonly Piece[];
  /** Who has which part in it, where more than the named license and PSD have one. */
  readonly parts?: readonly Part[];
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** Pieces printed by one attacker with one device. */
export const SPREE_PIECES = 4;
const ATTEMPTS_MAX = 10_000;

export function unusedPiece({ day, used, random }: Scene, fits: (piece: Piece) => boolean = () => true): Piece {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const piece = random.pick(day.pieces);
    if (!used.has(piece) && fits(piece)) return piece;
  }
  throw new ScenarioError('too few pieces for so many frauds');
}

/** A town whose mail another plant sorts. */
export function otherTown(town: Town, { fleet, random }: Scene): Town {
  const others = fleet.towns.filter(({ plant }) => plant !== town.plant);
  if (others.length === 0) throw new ScenarioError('one plant sorts all the mail: nothing can be mailed elsewhere');
  return random.pick(others);
}

/** An attacker with a host and a PSD of his own, some guards of which he has broken; no license yet. */
export interface Attacker extends Omit<Slot, 'license'> {
  readonly psd: string;
}

export function newCrook({ fleet, random }: Scene, ...broken: readonly Guard[]): Attacker {
  const { town, holder } = random.pick(fleet.slots);
  const host = fleet.newHost();
  const name = `${holder}, second office`;
  const psd = fleet.newPsd(host, name, withoutGuards(...broken));
  return { host, psd, holder: name, town };
}

/** An attacker who has a license, granted in the last month. */
export async function licensedCrook(scene: Scene, ...broken: readonly Guard[]): Promise<Slot> {
  const attacker = newCrook(scene, ...broken);
  scene.fleet.setTime(scene.scenario.dayMs - DAY_MS);
  return {
    ...attacker,
    license: await scene.fleet.license(attacker.host, attacker.psd, attacker.holder, attacker.town),
  };
}

/** Some pieces, franked hour by hour from then on; they join the day. */
export async function spree(scene: Scene, slot: Slot, fromMs: number, stepMs = HOUR_MS): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (let index = 0; index < SPREE_PIECES; index++) {
    scene.fleet.setTime(fromMs + index * stepMs);
    pieces.push(await frankPiece(scene.fleet, slot, scene.random));
  }
  scene.day.pieces.push(...pieces);
  return pieces;
}
