import { FIELDS, SIGNED_BYTES } from '../../indicium/layout.ts';
import type { PrivateKey } from '../ecdsa.ts';
import { keyPairFrom } from '../key-pair.ts';
import { newMailpieceId } from '../mail/day.ts';
import type { Piece } from '../mail/piece.ts';
import type { Town } from '../mail/towns.ts';
import { stolenKey } from '../psd/factory.ts';
import type { Part } from '../roles.ts';
import { ScenarioError } from '../scenario.ts';
import { type Committed, type Scene, unusedPiece } from './scene.ts';

/** Frauds with marks on paper: no PSD has a part in them. */

/** Counters far from those in use, so that a made-up mark repeats no genuine one. */
const FORGED_COUNT_AHEAD = 500_000n;
const CROSS_KEY_COUNT_AHEAD = 600_000n;

/** A mark is photocopied onto another envelope. */
export function photocopy(scene: Scene, mailedIn: (original: Piece) => Town): Committed {
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
export function forge(scene: Scene): Committed {
  const model = unusedPiece(scene);
  const payload = Buffer.from(model.payload);
  payload.writeBigUInt64BE(model.pieceCount + FORGED_COUNT_AHEAD, FIELDS.pieceCount.offset);
  const forger = keyPairFrom(scene.random.bytes(`forger ${scene.random.int(0, 2 ** 24)}`));
  const piece: Piece = {
    ...model,
    payload: signedAnew(payload, forger.privateKey),
    mailpieceId: newMailpieceId(scene.random),
    damage: 'none',
  };
  scene.day.pieces.push(piece);
  return { slot: model, pieces: [piece] };
}

/** A genuine mark whose postage was doubled before it was printed; the genuine one was never mailed. */
export function alter(scene: Scene): Committed {
  // From the fifth piece on the ascending register exceeds twice the postage, so the altered mark is well formed.
  const genuine = unusedPiece(scene, (piece) => piece.pieceCount >= 5n);
  const payload = Buffer.from(genuine.payload);
  const postageMills = genuine.postageMills * 2n;
  payload.writeUInt32BE(Number(postageMills), FIELDS.postageMills.offset);
  const piece: Piece = { ...genuine, payload, postageMills };
  scene.day.pieces[scene.day.pieces.indexOf(genuine)] = piece;
  return { slot: genuine, pieces: [piece] };
}

/** A user signs in the name of somebody else's license, with a key of his own that is registered for another. */
export function crossKey(scene: Scene): Committed {
  const { fleet, random, day } = scene;
  const victim = unusedPiece(scene);
  const others = fleet.slots.filter((slot) => slot.license !== victim.license);
  if (others.length === 0) throw new ScenarioError('there is one license only: no key belongs to another');
  const own = random.pick(others);
  const { keyId, privateKey } = stolenKey(fleet.hardwareOf(own.psd), own.license);
  const payload = Buffer.from(victim.payload);
  payload.writeBigUInt64BE(victim.pieceCount + CROSS_KEY_COUNT_AHEAD, FIELDS.pieceCount.offset);
  payload.writeUIntBE(keyId, FIELDS.keyId.offset, FIELDS.keyId.bytes);
  const piece: Piece = {
    ...victim,
    payload: signedAnew(payload, privateKey),
    mailpieceId: newMailpieceId(random),
    damage: 'none',
  };
  day.pieces.push(piece);
  const parts: Part[] = [
    { role: 'victim', license: victim.license, psd: victim.psd },
    { role: 'suspect', license: own.license, psd: own.psd },
  ];
  return { slot: victim, pieces: [piece], parts };
}

export function signedAnew(payload: Buffer, privateKey: PrivateKey): Buffer {
  privateKey.sign(payload.subarray(0, SIGNED_BYTES)).copy(payload, SIGNED_BYTES);
  return payload;
}
