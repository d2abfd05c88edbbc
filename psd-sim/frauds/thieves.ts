import { FIELDS, SIGNED_BYTES } from '../../indicium/layout.ts';
import type { Slot } from '../fleet/fleet.ts';
import { Host } from '../host/host.ts';
import { frankPiece, newMailpieceId } from '../mail/day.ts';
import type { Piece } from '../mail/piece.ts';
import { distanceKm, type Town } from '../mail/towns.ts';
import { clonePsd, stolenKey } from '../psd/factory.ts';
import { Psd } from '../psd/psd.ts';
import { ScenarioError } from '../scenario.ts';
import { type Committed, HOUR_MS, licensedCrook, MINUTE_MS, type Scene } from './scene.ts';

/** Frauds of a thief who took all there is out of a PSD, and no longer needs it. */

/** Scans at a post office's counter come that soon after the mark. */
const COUNTER_MS = 5 * MINUTE_MS;
/** Nothing covers that way within the minutes between the scans. */
const FAR_KM = 1_500;
/** Marks of one minute that lie between those that are mailed: beyond any printer. */
const MARKS_AHEAD = 1_500n;
const MAILED = 3;
/** Marks of the PSD itself before that: some cameras miss some mail. */
const HONEST = 3;

/** A clone goes on where the PSD stopped, minutes later and at the other end of the country. */
export async function twoPlaces(scene: Scene): Promise<Committed> {
  const { fleet, scenario, random, day } = scene;
  const slot = await licensedCrook(scene);
  const plantOf = ({ plant }: Town) => fleet.towns.find(({ postcode }) => postcode === plant);
  const own = plantOf(slot.town);
  const away = fleet.towns.find((town) => {
    const its = plantOf(town);
    return own !== undefined && its !== undefined && distanceKm(own, its) > FAR_KM;
  });
  if (away === undefined) throw new ScenarioError('the towns are so near each other that a device could travel');
  const print = async (at: Slot, mailedIn: Town, atMs: number): Promise<Piece> => {
    fleet.setTime(atMs);
    const piece = await frankPiece(fleet, at, random, { mailedIn });
    return { ...piece, handedInAtMs: atMs + COUNTER_MS };
  };
  const startMs = scenario.dayMs + 10 * HOUR_MS;
  const home: Piece[] = [];
  for (let index = 1 - HONEST; index <= 0; index++) {
    home.push(await print(slot, slot.town, startMs + index * MINUTE_MS));
  }
  const host = new Host(async () => '', slot.host.store);
  host.attach(
    new Psd(clonePsd(fleet.hardwareOf(slot.psd), random.bytes(`clone of ${slot.psd}`))),
    'a printer far away',
  );
  for (const message of fleet.anchors) host.hearAnchor(message);
  const pieces: Piece[] = [];
  for (let index = 1; index <= MAILED; index++) {
    fleet.setTime(startMs + index * MINUTE_MS);
    host.hearTime(fleet.offices.manufacturer.timeMessage());
    pieces.push(await print({ ...slot, host }, away, startMs + index * MINUTE_MS));
  }
  day.pieces.push(...home, ...pieces);
  return { slot, pieces };
}

/** A computer signs with the key that was in a PSD, more in a minute than any printer prints; some of it is mailed. */
export async function fasterThanPrinter(scene: Scene): Promise<Committed> {
  const { fleet, scenario, random, day } = scene;
  const slot = await licensedCrook(scene);
  fleet.setTime(scenario.dayMs + 11 * HOUR_MS);
  await slot.host.refill(slot.psd, slot.license, 5_000_000n);
  const honest: Piece[] = [];
  for (let index = 0; index < HONEST; index++) honest.push(await frankPiece(fleet, slot, random));
  const last = honest.at(-1);
  if (last === undefined) throw new RangeError('no mark to go on from');
  const { privateKey } = stolenKey(fleet.hardwareOf(slot.psd), slot.license);
  const pieces = Array.from({ length: MAILED }, (_, index): Piece => {
    const further = MARKS_AHEAD + BigInt(index);
    const payload = Buffer.from(last.payload);
    const spent = Number(further * last.postageMills);
    payload.writeBigUInt64BE(last.pieceCount + further, FIELDS.pieceCount.offset);
    add(payload, FIELDS.ascendingMills, spent);
    if (scenario.payment !== 'postpaid') add(payload, FIELDS.descendingMills, -spent);
    privateKey.sign(payload.subarray(0, SIGNED_BYTES)).copy(payload, SIGNED_BYTES);
    return { ...last, payload, pieceCount: last.pieceCount + further, mailpieceId: newMailpieceId(random) };
  });
  day.pieces.push(...honest, ...pieces);
  return { slot, pieces };
}

function add(payload: Buffer, { offset, bytes }: { offset: number; bytes: number }, mills: number): void {
  payload.writeUIntBE(payload.readUIntBE(offset, bytes) + mills, offset, bytes);
}
