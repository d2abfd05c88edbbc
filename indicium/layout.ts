/**
 * The native mark, version 1: the one table that the parser, the simulator's encoder, docs/INDICIUM.md and the tests
 * read. All integers are unsigned and big-endian. Everything before the signature is signed.
 *
 * The contents follow WO 99/48053 (license number, PSD identifier, registers, piece count, postage, date and time,
 * post code of the addressee); offsets and widths are this project's own.
 */

export const LAYOUT_VERSION = 1;

/** How the bytes of a field are to be read. */
export type FieldKind = 'uint' | 'ascii' | 'postcode';

export interface Field {
  readonly offset: number;
  readonly bytes: number;
  readonly kind: FieldKind;
  /** Inclusive bounds of a `uint`; bigint where the field can pass 2^53. */
  readonly min?: number | bigint;
  readonly max?: number | bigint;
  readonly meaning: string;
}

const U48_MAX = 2 ** 48 - 1;
const U64_MAX = 2n ** 64n - 1n;

/** Seconds since 1970 of 2000-01-01 and 2100-01-01: no PSD franked before the one, none of today's keys outlives the other. */
export const PRINTED_AT_SECONDS_MIN = 946_684_800;
export const PRINTED_AT_SECONDS_MAX = 4_102_444_800;

export const FIELDS = {
  version: { offset: 0, bytes: 1, kind: 'uint', min: LAYOUT_VERSION, max: LAYOUT_VERSION, meaning: 'layout version' },
  suite: { offset: 1, bytes: 1, kind: 'uint', min: 1, max: 4, meaning: 'signature suite; fixes the signature length' },
  flags: { offset: 2, bytes: 1, kind: 'uint', min: 0, max: 1, meaning: 'bit 0: has a descending register; others 0' },
  keyId: { offset: 3, bytes: 6, kind: 'uint', min: 1, max: U48_MAX, meaning: 'certificate serial of the signing key' },
  license: { offset: 9, bytes: 6, kind: 'uint', min: 1, max: U48_MAX, meaning: 'license number' },
  manufacturer: { offset: 15, bytes: 2, kind: 'ascii', meaning: 'PSD manufacturer code' },
  model: { offset: 17, bytes: 2, kind: 'ascii', meaning: 'PSD model code' },
  serial: { offset: 19, bytes: 4, kind: 'uint', min: 0, max: 2 ** 32 - 1, meaning: 'PSD serial number' },
  epoch: {
    offset: 23,
    bytes: 4,
    kind: 'uint',
    min: 0,
    max: 2 ** 32 - 1,
    meaning: 'register-set epoch, raised by each move',
  },
  pieceCount: {
    offset: 27,
    bytes: 8,
    kind: 'uint',
    min: 1n,
    max: U64_MAX,
    meaning: 'piece count, this piece included',
  },
  ascendingMills: {
    offset: 35,
    bytes: 6,
    kind: 'uint',
    min: 0,
    max: U48_MAX,
    meaning: 'ascending register, mills, this piece included',
  },
  descendingMills: {
    offset: 41,
    bytes: 6,
    kind: 'uint',
    min: 0,
    max: U48_MAX,
    meaning: 'descending register, mills, this piece taken off; 0 without flag',
  },
  postageMills: { offset: 47, bytes: 4, kind: 'uint', min: 0, max: 2 ** 32 - 1, meaning: 'postage, mills' },
  rateCategory: { offset: 51, bytes: 2, kind: 'uint', min: 0, max: 65_535, meaning: 'rate category' },
  printedAtSeconds: {
    offset: 53,
    bytes: 4,
    kind: 'uint',
    min: PRINTED_AT_SECONDS_MIN,
    max: PRINTED_AT_SECONDS_MAX - 1,
    meaning: 'date and time of franking, seconds since 1970 UTC',
  },
  depositPostcode: { offset: 57, bytes: 6, kind: 'postcode', meaning: 'town of deposit, never empty' },
  destinationPostcode: { offset: 63, bytes: 8, kind: 'postcode', meaning: 'destination; all zero when unaddressed' },
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof FIELDS;

/** Length in bytes of the signed part; the signature follows at this offset. */
export const SIGNED_BYTES = 71;

export const FLAG_HAS_DESCENDING = 1;

/** ASCII fields hold only these, so that a PSD identifier can stand in a file name or a URL. */
export const ASCII_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Three characters pack into two bytes as 1600 a + 40 b + c, the way C40 does (ISO/IEC 16022, 5.2.5). Value 0 is
 * padding and stands only at the end; 1 to 36 are the characters below; 37 to 39 are reserved.
 */
export const POSTCODE_ALPHABET = '\u00000123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const POSTCODE_BASE = 40;

/** Signature suites by their number in the mark. Each has one signature encoding, of one length. */
export const SUITES = {
  1: { name: 'ecdsa-p256-sha256', signatureBytes: 64 },
  2: { name: 'ed25519', signatureBytes: 64 },
  3: { name: 'ecdsa-p224-sha256', signatureBytes: 56 },
  4: { name: 'rsa2048-sha256', signatureBytes: 256 },
} as const;

export type SuiteNumber = keyof typeof SUITES;
export type SuiteName = (typeof SUITES)[SuiteNumber]['name'];

export function isSuiteNumber(number: number): number is SuiteNumber {
  return Object.hasOwn(SUITES, number);
}
