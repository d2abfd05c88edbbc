import { frankPiece } from '../mail/day.ts';
import type { Piece } from '../mail/piece.ts';
import { RATES } from '../mail/rates.ts';
import {
  type Committed,
  DAY_MS,
  HOUR_MS,
  licensedCrook,
  newCrook,
  otherTown,
  type Scene,
  spree,
  unusedPiece,
} from './scene.ts';

/** Frauds of users whose PSDs work as they should. */

const STALE_DAYS = 60;
const LICENSE_DAYS = 180;
/** Beyond its category's weight by more than any scale is wrong. */
const HEAVIER_GRAMS = 25;

/** A license or key that is no longer good goes on being used. */
export async function lapsed(
  scene: Scene,
  how: 'expired-license' | 'revoked-license' | 'compromised-key' | 'revoked-key',
): Promise<Committed> {
  const { scenario, fleet } = scene;
  const { dayMs } = scenario;
  const { authority, certifier } = fleet.offices;
  const attacker = newCrook(scene);
  const terms = authority.termsFor(attacker.holder, attacker.town);
  const validToMs = how === 'expired-license' ? dayMs - DAY_MS : terms.validToMs;
  fleet.setTime(dayMs - LICENSE_DAYS * DAY_MS);
  const { license } = authority.register.add({ ...terms, psdLimit: 1, validFromMs: fleet.offices.nowMs, validToMs });
  await fleet.license(attacker.host, attacker.psd, attacker.holder, attacker.town, license);
  await attacker.host.refill(attacker.psd, license, 20_000n);
  const slot = { ...attacker, license };
  const [set] = attacker.host.sets(attacker.psd);
  if (how === 'revoked-license') authority.register.revoke(license, dayMs - DAY_MS);
  if (how === 'compromised-key') certifier.reportCompromise(set?.keyId ?? 0, dayMs - DAY_MS);
  if (how === 'revoked-key') certifier.revoke(set?.keyId ?? 0, dayMs - DAY_MS);
  return { slot, pieces: await spree(scene, slot, dayMs + 9 * HOUR_MS) };
}

/** A host keeps the signed time from its PSD, so that marks carry a date long past; the letters are mailed today. */
export async function staleDate(scene: Scene): Promise<Committed> {
  const { scenario, fleet } = scene;
  const attacker = newCrook(scene);
  fleet.setTime(scenario.dayMs - (STALE_DAYS + 1) * DAY_MS);
  const license = await fleet.license(attacker.host, attacker.psd, attacker.holder, attacker.town);
  const slot = { ...attacker, license };
  return { slot, pieces: await spree(scene, slot, scenario.dayMs - STALE_DAYS * DAY_MS + 9 * HOUR_MS) };
}

/** A mark is handed back as spoiled and refunded; the letter is mailed all the same. */
export function refundMailed(scene: Scene): Committed {
  const { fleet, scenario } = scene;
  const piece = unusedPiece(scene);
  fleet.setTime(scenario.dayMs + 17 * HOUR_MS);
  const answer = fleet.offices.refunds.refund(piece.payload);
  if (answer !== 'refunded') throw new Error(`the refund was refused: ${answer}`);
  return { slot: piece, pieces: [piece] };
}

/** A letter is mailed where another plant sorts, though its license names a town of deposit. */
export function wrongTown(scene: Scene): Committed {
  const genuine = unusedPiece(scene);
  return replacedBy(scene, genuine, { ...genuine, mailedIn: otherTown(genuine.town, scene) });
}

/** The mark names one addressee, the envelope another. */
export function wrongDestination(scene: Scene): Committed {
  const genuine = unusedPiece(scene);
  const other = unusedPiece(scene, ({ destinationTown }) => destinationTown !== genuine.destinationTown);
  const { destination, destinationTown, addressee } = other;
  return replacedBy(scene, genuine, { ...genuine, destination, destinationTown, addressee });
}

/** A heavy piece with the postage of a light one. */
export async function shortPostage(scene: Scene): Promise<Committed> {
  const { fleet, random, scenario, day } = scene;
  const slot = await licensedCrook(scene);
  const rate = random.pick(RATES);
  fleet.setTime(scenario.dayMs + 10 * HOUR_MS);
  const franked = await frankPiece(fleet, slot, random, { rate });
  const piece: Piece = { ...franked, weightGrams: rate.weightGrams[1] + HEAVIER_GRAMS };
  day.pieces.push(piece);
  return { slot, pieces: [piece] };
}

function replacedBy({ day }: Scene, genuine: Piece, piece: Piece): Committed {
  day.pieces[day.pieces.indexOf(genuine)] = piece;
  return { slot: genuine, pieces: [piece] };
}
