import { FIELDS } from '../../indicium/layout.ts';
import { frankPiece } from '../mail/day.ts';
import type { Piece } from '../mail/piece.ts';
import { RATES, type Rate } from '../mail/rates.ts';
import { stolenKey } from '../psd/factory.ts';
import { ScenarioError } from '../scenario.ts';
import { signedAnew } from './marks.ts';
import { type Committed, HOUR_MS, licensedCrook, type Scene } from './scene.ts';

/** Frauds with a user's own PSD whose registers no longer tell what it printed. */

const LETTERS = 6;
/** Letters that were printed before the ones that are mailed: their postage passes what a refill pays. */
const PRINTED_BEFORE = 300;

/** The ascending register stands still while only every second count is used. */
export function standingRegister(scene: Scene): Promise<Committed> {
  const [rate] = RATES;
  return falselySigned(scene, rate, 0, (payload, first, index) => {
    for (const field of [FIELDS.ascendingMills, FIELDS.descendingMills]) {
      first.payload.copy(payload, field.offset, field.offset, field.offset + field.bytes);
    }
    return first.pieceCount + BigInt(2 * index);
  });
}

/** A prepaid PSD prints on without money and leaves the descending register out of its marks. */
export async function omittedDescending(scene: Scene): Promise<Committed> {
  if (scene.scenario.payment === 'postpaid') {
    throw new ScenarioError('postpaid users have no descending register to leave out');
  }
  const dearest = RATES[3];
  const { ascendingMills, descendingMills, flags } = FIELDS;
  // The first letter shows its descending register: its user pays in advance, as nothing but a mark can prove.
  return falselySigned(scene, dearest, 1, (payload, first, index) => {
    payload[flags.offset] = 0;
    payload.fill(0, descendingMills.offset, descendingMills.offset + descendingMills.bytes);
    const spentMills = payload.readUIntBE(ascendingMills.offset, ascendingMills.bytes);
    const beforeMills = PRINTED_BEFORE * Number(dearest.postageMills);
    payload.writeUIntBE(spentMills + beforeMills, ascendingMills.offset, ascendingMills.bytes);
    return first.pieceCount + BigInt(PRINTED_BEFORE + index);
  });
}

/**
 * Letters of an attacker's own PSD; after so many honest ones, which are not part of the fraud, each mark is rewritten,
 * given the count that comes of it, and signed by the PSD's key.
 */
async function falselySigned(
  scene: Scene,
  rate: Rate,
  honest: number,
  rewrite: (payload: Buffer, first: Piece, index: number) => bigint,
): Promise<Committed> {
  const { fleet, scenario, random, day } = scene;
  const slot = await licensedCrook(scene);
  const franked: Piece[] = [];
  for (let index = 0; index < honest + LETTERS; index++) {
    fleet.setTime(scenario.dayMs + (9 + index) * HOUR_MS);
    franked.push(await frankPiece(fleet, slot, random, { rate }));
  }
  const [first] = franked;
  if (first === undefined) throw new RangeError('no mark to begin with');
  const { privateKey } = stolenKey(fleet.hardwareOf(slot.psd), slot.license);
  const pieces = franked.slice(honest).map((piece, after): Piece => {
    const index = honest + after;
    const payload = Buffer.from(piece.payload);
    const pieceCount = rewrite(payload, first, index);
    payload.writeBigUInt64BE(pieceCount, FIELDS.pieceCount.offset);
    return { ...piece, pieceCount, payload: signedAnew(payload, privateKey) };
  });
  day.pieces.push(...franked.slice(0, honest), ...pieces);
  return { slot, pieces };
}
