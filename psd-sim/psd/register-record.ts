import { NO_NONCE, type RegisterSet, SET_STATES } from './register-set.ts';

/** Bytes of a register set in nonvolatile memory: fixed, so that a debit rewrites one short record. */
export const REGISTER_RECORD_BYTES = 96;

const HAS_DESCENDING = 1;
const MILLS_BYTES = 6;
const AT = {
  license: 0,
  state: 6,
  flags: 7,
  epoch: 8,
  pieceCount: 12,
  ascending: 20,
  descending: 26,
  returned: 32,
  unconfirmed: 38,
  spoiledPieces: 44,
  spoiled: 48,
  asked: 54,
  challenge: 60,
  handle: 76,
  refillNumber: 92,
} as const;

const record = Buffer.alloc(REGISTER_RECORD_BYTES);

/** The record; valid until the next one is made. */
export function encodeRegisters(set: RegisterSet): Buffer {
  record.writeUIntBE(set.license, AT.license, 6);
  record[AT.state] = SET_STATES.indexOf(set.state);
  record[AT.flags] = set.descendingMills === null ? 0 : HAS_DESCENDING;
  record.writeUInt32BE(set.epoch, AT.epoch);
  record.writeBigUInt64BE(set.pieceCount, AT.pieceCount);
  writeMills(set.ascendingMills, AT.ascending);
  writeMills(set.descendingMills ?? 0n, AT.descending);
  writeMills(set.returnedMills, AT.returned);
  writeMills(set.unconfirmedMills, AT.unconfirmed);
  record.writeUInt32BE(set.spoiledPieces, AT.spoiledPieces);
  writeMills(set.spoiledMills, AT.spoiled);
  writeMills(set.askedMills, AT.asked);
  writeNonce(set.challenge, AT.challenge);
  writeNonce(set.handle, AT.handle);
  record.writeUInt32BE(set.refillNumber, AT.refillNumber);
  return record;
}

export function decodeRegisters(bytes: Buffer): RegisterSet {
  const mills = (at: number) => BigInt(bytes.readUIntBE(at, MILLS_BYTES));
  const state = SET_STATES[bytes[AT.state] ?? SET_STATES.length];
  if (bytes.length !== REGISTER_RECORD_BYTES || state === undefined) throw new RangeError('no register set');
  return {
    license: bytes.readUIntBE(AT.license, 6),
    state,
    epoch: bytes.readUInt32BE(AT.epoch),
    pieceCount: bytes.readBigUInt64BE(AT.pieceCount),
    ascendingMills: mills(AT.ascending),
    descendingMills: bytes[AT.flags] === HAS_DESCENDING ? mills(AT.descending) : null,
    returnedMills: mills(AT.returned),
    unconfirmedMills: mills(AT.unconfirmed),
    spoiledPieces: bytes.readUInt32BE(AT.spoiledPieces),
    spoiledMills: mills(AT.spoiled),
    askedMills: mills(AT.asked),
    challenge: bytes.toString('hex', AT.challenge, AT.challenge + 16),
    handle: bytes.toString('hex', AT.handle, AT.handle + 16),
    refillNumber: bytes.readUInt32BE(AT.refillNumber),
  };
}

function writeMills(mills: bigint, at: number): void {
  record.writeUIntBE(Number(mills), at, MILLS_BYTES);
}

function writeNonce(nonce: string, at: number): void {
  if (nonce === NO_NONCE) record.fill(0, at, at + 16);
  else record.write(nonce, at, 16, 'hex');
}
