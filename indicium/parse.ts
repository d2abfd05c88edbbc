import { missing } from './failures/missing.ts';
import type { Indicium, Parsed } from './indicium.ts';
import {
  ASCII_ALPHABET,
  FIELDS,
  type Field,
  FLAG_HAS_DESCENDING,
  isSuiteNumber,
  LAYOUT_VERSION,
  PRINTED_AT_SECONDS_MAX,
  PRINTED_AT_SECONDS_MIN,
  SIGNED_BYTES,
  SUITES,
} from './layout.ts';
import { SCAN_PAYLOAD_BYTES_MAX } from './limits.ts';
import { unpackPostcode } from './postcode.ts';
import { psdNameAt } from './psd-name.ts';

const ASCII_CODES = new Set(Array.from(ASCII_ALPHABET, (character) => character.charCodeAt(0)));

/**
 * Reads a native mark. Accepts exactly what an encoder following layout.ts can produce, so that encoding the result
 * again gives the same bytes. The first broken rule, in the order of the bytes, is the failure.
 */
export function parseIndicium(payload: Uint8Array): Parsed {
  if (payload.length === 0) return { failure: 'payload-empty' };
  if (payload.length > SCAN_PAYLOAD_BYTES_MAX) return { failure: 'payload-too-long' };
  if (payload[FIELDS.version.offset] !== LAYOUT_VERSION) return { failure: 'unknown-version' };
  if (payload.length < SIGNED_BYTES) return { failure: 'bad-length' };

  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const suiteNumber = readUint(bytes, FIELDS.suite);
  if (!isSuiteNumber(suiteNumber)) return { failure: 'unknown-suite' };
  const suite = SUITES[suiteNumber];
  if (bytes.length !== SIGNED_BYTES + suite.signatureBytes) return { failure: 'bad-length' };

  const flags = readUint(bytes, FIELDS.flags);
  if ((flags & ~FLAG_HAS_DESCENDING) !== 0) return { failure: 'reserved-bits' };
  const hasDescending = (flags & FLAG_HAS_DESCENDING) !== 0;

  const keyId = readUint(bytes, FIELDS.keyId);
  const license = readUint(bytes, FIELDS.license);
  const pieceCount = bytes.readBigUInt64BE(FIELDS.pieceCount.offset);
  const ascendingMills = readUint(bytes, FIELDS.ascendingMills);
  const descendingMills = readUint(bytes, FIELDS.descendingMills);
  const postageMills = readUint(bytes, FIELDS.postageMills);
  const printedAtSeconds = readUint(bytes, FIELDS.printedAtSeconds);

  if (keyId < FIELDS.keyId.min || license < FIELDS.license.min) return { failure: 'out-of-range' };
  if (!isAscii(bytes, FIELDS.manufacturer) || !isAscii(bytes, FIELDS.model)) return { failure: 'bad-psd' };
  if (pieceCount < FIELDS.pieceCount.min) return { failure: 'out-of-range' };
  if (!hasDescending && descendingMills !== 0) return { failure: 'reserved-bits' };
  // The debit comes before the print, so the ascending register already holds this piece's postage.
  if (postageMills > ascendingMills) return { failure: 'out-of-range' };
  if (printedAtSeconds < PRINTED_AT_SECONDS_MIN || printedAtSeconds >= PRINTED_AT_SECONDS_MAX) {
    return { failure: 'bad-date' };
  }
  const depositPostcode = unpackPostcode(bytes, FIELDS.depositPostcode);
  const destinationPostcode = unpackPostcode(bytes, FIELDS.destinationPostcode);
  if (depositPostcode === null || depositPostcode === '' || destinationPostcode === null) {
    return { failure: 'bad-postcode' };
  }

  const indicium: Indicium = {
    version: LAYOUT_VERSION,
    suite: suite.name,
    keyId,
    license,
    psd: psdNameAt(bytes, FIELDS.manufacturer.offset),
    epoch: readUint(bytes, FIELDS.epoch),
    pieceCount,
    ascendingMills,
    descendingMills: hasDescending ? descendingMills : null,
    postageMills,
    rateCategory: readUint(bytes, FIELDS.rateCategory),
    printedAtMs: printedAtSeconds * 1000,
    depositPostcode,
    destinationPostcode: destinationPostcode === '' ? null : destinationPostcode,
    signedBytes: payload.subarray(0, SIGNED_BYTES),
    signature: payload.subarray(SIGNED_BYTES),
  };
  return { indicium };
}

function readUint(bytes: Buffer, field: Field): number {
  return bytes.readUIntBE(field.offset, field.bytes);
}

function isAscii(bytes: Buffer, field: Field): boolean {
  for (let i = field.offset; i < field.offset + field.bytes; i++) {
    if (!ASCII_CODES.has(bytes[i] ?? missing('bytes'))) return false;
  }
  return true;
}
