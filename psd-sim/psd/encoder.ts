import {
  ASCII_ALPHABET,
  FIELDS,
  type Field,
  LAYOUT_VERSION,
  POSTCODE_ALPHABET,
  POSTCODE_BASE,
  SIGNED_BYTES,
  SUITES,
  type SuiteNumber,
} from '../../indicium/layout.ts';

/** What a PSD writes into a mark, before it signs. */
export interface MarkFields {
  readonly suite: SuiteNumber;
  readonly keyId: number;
  readonly license: number;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: number;
  readonly epoch: number;
  readonly pieceCount: bigint;
  readonly ascendingMills: bigint;
  /** Null in countries without a descending register. */
  readonly descendingMills: bigint | null;
  readonly postageMills: bigint;
  readonly rateCategory: number;
  readonly printedAtSeconds: number;
  readonly depositPostcode: string;
  /** Null when the piece is not addressed. */
  readonly destinationPostcode: string | null;
}

/** The bytes to sign. @throws RangeError for a value that the layout cannot hold: a PSD never prints such a mark. */
export function encodeSigned(fields: MarkFields): Buffer {
  // Every byte is written below: the fields leave no gap.
  const bytes = Buffer.allocUnsafe(SIGNED_BYTES);
  writeUint(bytes, FIELDS.version, LAYOUT_VERSION);
  writeUint(bytes, FIELDS.suite, fields.suite);
  writeUint(bytes, FIELDS.flags, fields.descendingMills === null ? 0 : 1);
  writeUint(bytes, FIELDS.keyId, fields.keyId);
  writeUint(bytes, FIELDS.license, fields.license);
  writeAscii(bytes, FIELDS.manufacturer, fields.manufacturer);
  writeAscii(bytes, FIELDS.model, fields.model);
  writeUint(bytes, FIELDS.serial, fields.serial);
  writeUint(bytes, FIELDS.epoch, fields.epoch);
  writeUint(bytes, FIELDS.pieceCount, fields.pieceCount);
  writeUint(bytes, FIELDS.ascendingMills, fields.ascendingMills);
  writeUint(bytes, FIELDS.descendingMills, fields.descendingMills ?? 0n);
  writeUint(bytes, FIELDS.postageMills, fields.postageMills);
  writeUint(bytes, FIELDS.rateCategory, fields.rateCategory);
  writeUint(bytes, FIELDS.printedAtSeconds, fields.printedAtSeconds);
  if (fields.depositPostcode === '') throw new RangeError('a mark names its town of deposit');
  writePostcode(bytes, FIELDS.depositPostcode, fields.depositPostcode);
  if (fields.destinationPostcode === '') throw new RangeError('an unaddressed piece has a null destination');
  writePostcode(bytes, FIELDS.destinationPostcode, fields.destinationPostcode ?? '');
  return bytes;
}

/** The whole mark. @throws RangeError when the signature is not of its suite's length. */
export function encodeMark(signed: Buffer, suite: SuiteNumber, signature: Buffer): Buffer {
  const expected = SUITES[suite].signatureBytes;
  if (signature.length !== expected) throw new RangeError(`a ${SUITES[suite].name} signature has ${expected} bytes`);
  return Buffer.concat([signed, signature]);
}

function writeUint(bytes: Buffer, field: Field, value: number | bigint): void {
  const { min = 0, max = 0, offset } = field;
  if (value < min || value > max) throw new RangeError(`${field.meaning}: ${value} is outside ${min} to ${max}`);
  // The sizes that there are, each with the writer that is fastest for it.
  if (field.bytes === 1) bytes[offset] = Number(value);
  else if (field.bytes === 2) bytes.writeUInt16BE(Number(value), offset);
  else if (field.bytes === 4) bytes.writeUInt32BE(Number(value), offset);
  else if (field.bytes === 8) bytes.writeBigUInt64BE(BigInt(value), offset);
  else bytes.writeUIntBE(Number(value), offset, field.bytes);
}

function writeAscii(bytes: Buffer, field: Field, text: string): void {
  let fits = text.length === field.bytes;
  for (const character of text) fits &&= ASCII_ALPHABET.includes(character);
  if (!fits) throw new RangeError(`${field.meaning}: ${JSON.stringify(text)}`);
  bytes.write(text, field.offset, 'latin1');
}

function writePostcode(bytes: Buffer, field: Field, text: string): void {
  const capacity = (field.bytes / 2) * 3;
  if (text.length > capacity) throw new RangeError(`${field.meaning}: ${text} is longer than ${capacity}`);
  for (let triple = 0; triple < capacity / 3; triple++) {
    let packed = 0;
    for (let at = triple * 3; at < triple * 3 + 3; at++) {
      packed = packed * POSTCODE_BASE + postcodeValue(field, text, at);
    }
    bytes.writeUInt16BE(packed, field.offset + triple * 2);
  }
}

/** Values of the postcode alphabet by ASCII code; 0 for what no postcode has. */
const POSTCODE_VALUES = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, POSTCODE_ALPHABET.indexOf(String.fromCharCode(code))),
);

function postcodeValue(field: Field, text: string, at: number): number {
  if (at >= text.length) return 0;
  const value = POSTCODE_VALUES[text.charCodeAt(at)] ?? 0;
  if (value === 0) throw new RangeError(`${field.meaning}: no postcode has ${JSON.stringify(text[at])}`);
  return value;
}
