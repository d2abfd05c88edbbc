import { sign } from 'node:crypto';
import { FIELDS, SIGNED_BYTES } from '../indicium/layout.ts';
import type { PostalAuthority } from './authority.ts';
import { type Day, frankPiece, newMailpieceId, type Piece } from './day.ts';
import { type Fleet, putOn, type Slot } from './fleet.ts';
import { keyPairFrom } from './key-pair.ts';
import type { Random } from './random.ts';
import { type FraudName, fraudCount, type Scenario, ScenarioError } from './scenario.ts';
import { TOWNS } from './towns.ts';

/** A committed fraud and every piece that is part of it, the innocent twin of a copy or fork included. */
export interface CommittedFraud {
  readonly fraud: FraudName;
  readonly license: number;
  readonly psd: string;
  readonly pieces: readonly Piece[];
}

interface Scene {
  readonly scenario: Scenario;
  readonly fleet: Fleet;
  readonly day: Day;
  readonly authority: PostalAuthority;
  readonly random: Random;
  /** Pieces already part of a fraud: none is used twice, so that the truth stays exact. */
  readonly used: Set<Piece>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Pieces printed by one cloned or wrongly licensed PSD. */
const SPREE_PIECES = 4;
const SPREE_FUNDS_MILLS = 6_000n;
const ATTEMPTS_MAX = 10_000;

/** Commits the scenario's frauds; the new pieces join the day. */
export function commitFrauds(scene: Omit<Scene, 'used'>): CommittedFraud[] {
  const used = new Set<Piece>();
  return scene.scenario.frauds.flatMap((fraud) => {
    const random = scene.random.stream(fraud);
    return Array.from({ length: fraudCount(scene.scenario) }, () => {
      const { pieces, slot } = COMMIT[fraud]({ ...scene, random, used });
      for (const piece of pieces) used.add(piece);
      return { fraud, license: slot.license, psd: slot.psd.name, pieces };
    });
  });
}

interface Committed {
  readonly slot: Pick<Slot, 'psd' | 'license'>;
  readonly pieces: readonly Piece[];
}

const COMMIT: Record<FraudName, (scene: Scene) => Committed> = {
  copy: (scene) => photocopy(scene, (original) => original.mailedIn),
  'copy-far': (scene) => photocopy(scene, (original) => otherTown(original, scene.random)),
  forged,
  altered,
  fork,
  'ungranted-psd': (scene) => wrongPsd(scene, 'never granted'),
  'overspread-license': (scene) => wrongPsd(scene, 'beyond the limit'),
  'cross-key': crossKey,
  'expired-license': (scene) => lapsed(scene, 'expired-license'),
  'revoked-license': (scene) => lapsed(scene, 'revoked-license'),
  'compromised-key': (scene) => lapsed(scene, 'compromised-key'),
  'stale-date': (scene) => lapsed(scene, 'stale-date'),
};

function unusedPiece({ day, used, random }: Scene, fits: (piece: Piece) => boolean = () => true): Piece {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const piece = random.pick(day.pieces);
    if (!used.has(piece) && fits(piece)) return piece;
  }
  throw new ScenarioError('too few pieces for so many frauds');
}

function otherTown(piece: Piece, random: Random): Piece['town'] {
  return random.pick(TOWNS.filter((town) => town !== piece.mailedIn));
}

/** A mark is photocopied onto another envelope. */
function photocopy(scene: Scene, mailedIn: (original: Piece) => Piece['town']): Committed {
  const original = unusedPiece(scene);
  const copy: Piece = {
    ...original,
    mailpieceId: newMailpieceId(scene.random),
    mailedIn: mailedIn(original),
    addressee: unusedPiece(scene).addressee,
    damage: 'none',
  };
  scene.day.pieces.push(copy);
  return { slot: original, pieces: [original, copy] };
}

/** A mark made up whole and signed by a key of the forger's own. */
function forged(scene: Scene): Committed {
  const model = unusedPiece(scene);
  const payload = Buffer.from(model.payload);
  payload.writeBigUInt64BE(model.pieceCount + 500_000n, FIELDS.pieceCount.offset);
  const signed = payload.subarray(0, SIGNED_BYTES);
  const forger = keyPairFrom(scene.random.bytes(`forger ${scene.random.int(0, 2 ** 24)}`));
  sign('sha256', signed, { key: forger.privateKey, dsaEncoding: 'ieee-p1363' }).copy(payload, SIGNED_BYTES);
  const piece: Piece = { ...model, payload, mailpieceId: newMailpieceId(scene.random), damage: 'none' };
  scene.day.pieces.push(piece);
  return { slot: model, pieces: [piece] };
}

/** A genuine mark whose postage was doubled before it was printed; the genuine one was never mailed. */
function altered(scene: Scene): Committed {
  // From the fifth piece on the ascending register exceeds twice the postage, so the altered mark is well formed.
  const genuine = unusedPiece(scene, (piece) => piece.pieceCount >= 5n);
  const payload = Buffer.from(genuine.payload);
  const postageMills = genuine.postageMills * 2n;
  payload.writeUInt32BE(Number(postageMills), FIELDS.postageMills.offset);
  const piece: Piece = { ...genuine, payload, postageMills };
  scene.day.pieces[scene.day.pieces.indexOf(genuine)] = piece;
  return { slot: genuine, pieces: [piece] };
}

/** A PSD is broken open at noon; its clone prints on beside it, with the same counters. */
function fork(scene: Scene): Committed {
  const { day, fleet, authority, random, used } = scene;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const slot = random.pick(fleet.slots);
    const clone = day.atNoon.get(slot.psd);
    const stolen = clone?.registers(slot.license);
    if (clone === undefined || stolen === undefined) continue;
    // A thief cannot refill: the clone spends what was in it.
    if ((stolen.descendingMills ?? 0n) < SPREE_FUNDS_MILLS) continue;
    const twins = day.pieces.filter((piece) => {
      const next = piece.pieceCount - stolen.pieceCount;
      return piece.psd === slot.psd && piece.license === slot.license && next > 0n && next <= SPREE_PIECES;
    });
    if (twins.length < SPREE_PIECES || twins.some((twin) => used.has(twin))) continue;
    const printed = twins.map((_, index) => {
      return frankPiece({ ...slot, psd: clone }, day.noonMs + index * 60_000 + 30_000, authority, random);
    });
    day.pieces.push(...printed);
    return { slot, pieces: [...twins, ...printed] };
  }
  throw new ScenarioError('no PSD franked enough pieces after noon to be cloned');
}

/** A license is put on a PSD that the authority never named for it, or on one more PSD than it allowed. */
function wrongPsd(scene: Scene, how: 'never granted' | 'beyond the limit'): Committed {
  const { scenario, fleet, day, authority, random } = scene;
  const free = fleet.slots.flatMap((slot) => {
    return fleet.psds.filter((psd) => !psd.licenses.includes(slot.license)).map((psd) => ({ ...slot, psd }));
  });
  if (free.length === 0) throw new ScenarioError('every license is on every PSD: none is left to be put on wrongly');
  const slot = random.pick(free);
  putOn(slot, authority, random);
  if (how === 'beyond the limit') authority.putOnPsd(slot.license, slot.psd.name, scenario.dayMs + 7 * HOUR_MS);
  const times = Array.from({ length: SPREE_PIECES }, () => scenario.dayMs + random.int(8 * HOUR_MS, 16 * HOUR_MS));
  const pieces = times.toSorted((a, b) => a - b).map((atMs) => frankPiece(slot, atMs, authority, random));
  day.pieces.push(...pieces);
  return { slot, pieces };
}

/** A user signs in the name of somebody else's license, with a key of his own that is registered for another. */
function crossKey(scene: Scene): Committed {
  const { fleet, random, day } = scene;
  const victim = unusedPiece(scene);
  const own = random.pick(fleet.slots.filter((slot) => slot.license !== victim.license));
  const { keyId, keys } = own.psd.brokenOpen(own.license);
  const payload = Buffer.from(victim.payload);
  payload.writeBigUInt64BE(victim.pieceCount + 600_000n, FIELDS.pieceCount.offset);
  payload.writeUIntBE(keyId, FIELDS.keyId.offset, FIELDS.keyId.bytes);
  const signed = payload.subarray(0, SIGNED_BYTES);
  sign('sha256', signed, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' }).copy(payload, SIGNED_BYTES);
  const piece: Piece = { ...victim, payload, mailpieceId: newMailpieceId(random), damage: 'none' };
  day.pieces.push(piece);
  return { slot: victim, pieces: [piece] };
}

/** A PSD goes on franking under a license or key that is no longer good, or with a date long past. */
function lapsed(
  scene: Scene,
  how: 'expired-license' | 'revoked-license' | 'compromised-key' | 'stale-date',
): Committed {
  const { scenario, fleet, authority, random, day } = scene;
  const { dayMs } = scenario;
  const host = random.pick(fleet.slots);
  const validToMs = how === 'expired-license' ? dayMs - DAY_MS : dayMs + 900 * DAY_MS;
  const { license } = authority.grantLicense({
    holder: `${host.holder}, second office`,
    town: host.town.name,
    depositPostcode: host.town.postcode,
    psdLimit: 1,
    validFromMs: dayMs - 180 * DAY_MS,
    validToMs,
  });
  const slot = { ...host, license };
  const keyId = putOn(slot, authority, random);
  authority.putOnPsd(license, slot.psd.name, dayMs - 180 * DAY_MS);
  if (how === 'revoked-license') authority.revokeLicense(license, dayMs - DAY_MS);
  if (how === 'compromised-key') authority.reportCompromise(keyId, dayMs - DAY_MS);
  const fromMs = how === 'stale-date' ? dayMs - 60 * DAY_MS : dayMs;
  const pieces = Array.from({ length: SPREE_PIECES }, (_, index) => {
    return frankPiece(slot, fromMs + (9 + index) * HOUR_MS, authority, random);
  });
  day.pieces.push(...pieces);
  return { slot, pieces };
}
