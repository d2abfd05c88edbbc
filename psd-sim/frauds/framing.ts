import { FIELDS } from '../../indicium/layout.ts';
import type { PrivateKey } from '../ecdsa.ts';
import { keyPairFrom } from '../key-pair.ts';
import { newMailpieceId } from '../mail/day.ts';
import { eveningMs } from '../mail/passes.ts';
import type { Piece } from '../mail/piece.ts';
import { stolenKey } from '../psd/factory.ts';
import { psdName } from '../psd/secure-records.ts';
import type { Part } from '../roles.ts';
import { signedAnew } from './marks.ts';
import { type Committed, DAY_MS, HOUR_MS, licensedCrook, newCrook, type Scene, spree, unusedPiece } from './scene.ts';

/** Frauds that point at a stranger: letters in the name of others, and scans that say what a token holder likes. */

const LETTERS = 6;
/** Counters far from those in use and from those of other forgeries. */
const FORGED_COUNT_AHEAD = 700_000n;
const CROSS_KEY_COUNT_AHEAD = 800_000n;
const SECONDS_BETWEEN = [1, 20] as const;
/** No office has given out as high numbers. */
const MADE_UP_LICENSE = 900_000_000;
const MADE_UP_KEY = 2 ** 40;
const MADE_UP_MAX = 2 ** 24 - 1;

/** Letters forged in the name of an innocent license, all by one maker, mailed together. */
export function frameForged(scene: Scene): Committed {
  const { random } = scene;
  const victim = unusedPiece(scene);
  const forger = keyPairFrom(random.bytes(`framer ${random.int(0, MADE_UP_MAX)}`));
  const pieces = mailedTogether(scene, victim, forger.privateKey, (payload, index) => {
    const pieceCount = victim.pieceCount + FORGED_COUNT_AHEAD + BigInt(index);
    payload.writeBigUInt64BE(pieceCount, FIELDS.pieceCount.offset);
    return { pieceCount };
  });
  return { slot: victim, pieces };
}

/** A thief's own genuine key signs marks in an innocent's name. */
export async function frameCrossKey(scene: Scene): Promise<Committed> {
  const { fleet } = scene;
  const victim = unusedPiece(scene);
  const thief = await licensedCrook(scene);
  const { keyId, privateKey } = stolenKey(fleet.hardwareOf(thief.psd), thief.license);
  const pieces = mailedTogether(scene, victim, privateKey, (payload, index) => {
    const pieceCount = victim.pieceCount + CROSS_KEY_COUNT_AHEAD + BigInt(index);
    payload.writeBigUInt64BE(pieceCount, FIELDS.pieceCount.offset);
    payload.writeUIntBE(keyId, FIELDS.keyId.offset, FIELDS.keyId.bytes);
    return { pieceCount };
  });
  const parts: Part[] = [
    { role: 'victim', license: victim.license, psd: victim.psd },
    { role: 'suspect', license: thief.license, psd: thief.psd },
  ];
  return { slot: victim, pieces, parts };
}

/** Letters with licenses, PSDs and keys that nobody gave out, each with others, all by one maker. */
export function frameMadeUp(scene: Scene): Committed {
  const { random } = scene;
  const model = unusedPiece(scene);
  const forger = keyPairFrom(random.bytes(`inventor ${random.int(0, MADE_UP_MAX)}`));
  const names = Array.from({ length: LETTERS }, () => {
    const serial = 2 ** 31 + random.int(0, MADE_UP_MAX);
    const license = MADE_UP_LICENSE + random.int(0, MADE_UP_MAX);
    return { license, serial, psd: psdName({ manufacturer: '06', model: '2S', serial }) };
  });
  const pieces = mailedTogether(scene, model, forger.privateKey, (payload, index) => {
    const { license, serial, psd } = names[index] ?? { license: 1, serial: 0, psd: '' };
    payload.writeUIntBE(license, FIELDS.license.offset, FIELDS.license.bytes);
    payload.writeUInt32BE(serial, FIELDS.serial.offset);
    payload.write('062S', FIELDS.manufacturer.offset, 'latin1');
    payload.writeUIntBE(MADE_UP_KEY + random.int(0, MADE_UP_MAX), FIELDS.keyId.offset, FIELDS.keyId.bytes);
    return { license, psd };
  });
  const [slot = model] = names;
  const parts = names.map(({ license, psd }): Part => ({ role: 'unknown', license, psd }));
  return { slot, pieces, parts };
}

/**
 * A thief franks with a stolen key and dates the marks before its compromise; the holder of a plant's token, his friend,
 * claims to have scanned the letters then, though the records come two days later.
 */
export async function backdatedScan(scene: Scene): Promise<Committed> {
  const { fleet, scenario, random } = scene;
  const { dayMs } = scenario;
  const owner = newCrook(scene);
  fleet.setTime(dayMs - 10 * DAY_MS);
  const license = await fleet.license(owner.host, owner.psd, owner.holder, owner.town);
  const slot = { ...owner, license };
  const pieces = await spree(scene, slot, dayMs - 2 * DAY_MS + 9 * HOUR_MS);
  const [set] = owner.host.sets(owner.psd);
  fleet.offices.certifier.reportCompromise(set?.keyId ?? 0, dayMs - DAY_MS);
  for (const piece of pieces) {
    const atMs = eveningMs({ dayMs: dayMs - 2 * DAY_MS }, random);
    piece.passes = [{ town: piece.mailedIn, pass: 'origin', atMs, delayMs: 2 * DAY_MS }];
  }
  return { slot, pieces };
}

/** Letters after one model, through one machine within a minute or two; each mark is rewritten and signed anew. */
function mailedTogether(
  { day, random, scenario }: Scene,
  model: Piece,
  privateKey: PrivateKey,
  rewrite: (payload: Buffer, index: number) => Partial<Piece>,
): Piece[] {
  const machine = random.pick(model.mailedIn.machines);
  let atMs = eveningMs(scenario, random);
  const pieces = Array.from({ length: LETTERS }, (_, index): Piece => {
    const payload = Buffer.from(model.payload);
    const changed = rewrite(payload, index);
    atMs += random.int(...SECONDS_BETWEEN) * 1000;
    return {
      ...model,
      ...changed,
      payload: signedAnew(payload, privateKey),
      mailpieceId: newMailpieceId(random),
      damage: 'none',
      passes: [{ town: model.mailedIn, pass: 'origin', atMs, machine }],
    };
  });
  day.pieces.push(...pieces);
  return pieces;
}
