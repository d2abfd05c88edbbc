import { FIELDS, SIGNED_BYTES } from '../../indicium/layout.ts';
import { keyPairFrom } from '../../psd-sim/key-pair.ts';
import { Random } from '../../psd-sim/random.ts';
import { ALWAYS_VALID, PRINTED_AT_MS, packed, type RegistryRecords, SmallWorld } from '../support/marks.ts';

/** A small honest post with one thief in it: two customers who only frank, and one who has a PSD of his own as well. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** In two neighboring towns and at the other end of the country. */
export const PLANTS = ['06484', '06443', '75034'] as const;
export type Plant = (typeof PLANTS)[number];
/** The thief has the token of this one. */
export const TOKEN_PLANT: Plant = '06443';
const LETTERS_OF_EACH = 3;
const CUSTOMERS = 3;
/** Customer, PSD and license of the same number belong together; the last is the thief. */
export const THIEF = 2;
export const SIGNED_FOR = '06443123456';
const LETTER_GRAMS = 18;
const EVENING_MS = Date.UTC(2026, 10, 20, 18);

/** Whose key a mark is signed with: a customer's own, or one that nobody registered. */
export type Signer = 'customer' | 'thief' | 'stray';

/** One time that a letter is said to have passed a camera. */
export interface Sighting {
  readonly plant: Plant;
  readonly pass: 'origin' | 'destination';
  /** When its record came. */
  readonly receivedAtMs: number;
  /** When it is said to have been; null where the record says nothing. */
  readonly scannedAtMs: number | null;
  readonly mailpieceId: string | null;
  readonly destination: string | null;
  readonly weightGrams: number | null;
  /** Made by the thief: by mailing a letter, or by sending a record with his token. */
  readonly isFraudulent: boolean;
}

export interface Letter {
  readonly payload: Buffer;
  readonly signer: Signer;
  readonly isThiefs: boolean;
  readonly sightings: readonly Sighting[];
}

const world = new SmallWorld(CUSTOMERS, CUSTOMERS, 'red team');
const stray = keyPairFrom(new Random('red team').bytes('a key that nobody registered'));

export const CUSTOMER_NAMES: readonly { readonly license: number; readonly psd: string }[] = world.licenses.map(
  (license, customer) => ({ license, psd: world.psds[customer]?.name ?? '' }),
);

/** What the postal side knows: rates and the places of plants, besides keys and grants. */
export const RED_TEAM_RECORDS: RegistryRecords = {
  ...world.records,
  rates: [
    { rateCategory: 101, weightGramsMax: 28, postageMills: 730, validFromMs: 0, validToMs: ALWAYS_VALID.validToMs },
  ],
  plants: [
    { plant: PLANTS[0], postcode: PLANTS[0], latitude: 41.3, longitude: -73.1 },
    { plant: PLANTS[1], postcode: PLANTS[1], latitude: 41.3, longitude: -72.6 },
    { plant: PLANTS[2], postcode: PLANTS[2], latitude: 33.1, longitude: -96.8 },
  ],
};
export const RED_TEAM_REGISTRY = packed(RED_TEAM_RECORDS);

/** Each customer's letters, straight from the town of deposit to that of the addressee. */
export const HONEST_LETTERS: readonly Letter[] = Array.from(
  { length: CUSTOMERS * LETTERS_OF_EACH },
  (_, index): Letter => {
    const customer = index % CUSTOMERS;
    const mailpieceId = `J18C${String(441_136_589_000 + index)}`;
    const atMs = EVENING_MS + index * 60_000;
    const seen = { mailpieceId, destination: SIGNED_FOR, weightGrams: LETTER_GRAMS, isFraudulent: false };
    const there = { plant: PLANTS[1], pass: 'destination', ...at(atMs + 10 * HOUR_MS), ...seen } as const;
    return {
      payload: world.frank(customer, customer, 730n, PRINTED_AT_MS + index * 60_000),
      signer: customer === THIEF ? 'thief' : 'customer',
      isThiefs: false,
      sightings: [{ plant: PLANTS[0], pass: 'origin', ...at(atMs), ...seen }, there],
    };
  },
);

/** An honest record comes at once. */
export function at(atMs: number): Pick<Sighting, 'receivedAtMs' | 'scannedAtMs'> {
  return { receivedAtMs: atMs, scannedAtMs: atMs };
}

export type ChangedFields = Partial<
  Record<
    'keyId' | 'license' | 'serial' | 'pieceCount' | 'ascendingMills' | 'descendingMills' | 'flags' | 'printedAtSeconds',
    number
  >
>;

/** A mark with other contents, as a signer makes it; by nobody, it keeps a signature that no longer fits. */
export function rewritten(payload: Buffer, change: ChangedFields, signer: Signer | 'nobody'): Buffer {
  const bytes = Buffer.from(payload);
  for (const [name, value] of Object.entries(change)) {
    const field = FIELDS[fieldNamed(name)];
    bytes.fill(0, field.offset, field.offset + field.bytes);
    const low = Math.min(field.bytes, 6);
    bytes.writeUIntBE(value, field.offset + field.bytes - low, low);
  }
  const signed = bytes.subarray(0, SIGNED_BYTES);
  if (signer === 'thief') world.signWithKeyOf(THIEF, THIEF, signed).copy(bytes, SIGNED_BYTES);
  if (signer === 'stray') stray.privateKey.sign(signed).copy(bytes, SIGNED_BYTES);
  if (signer === 'customer') throw new RangeError('no thief signs with the key of a customer');
  return bytes;
}

function fieldNamed(name: string): keyof typeof FIELDS {
  const found = Object.keys(FIELDS).find((key): key is keyof typeof FIELDS => key === name);
  if (found === undefined) throw new RangeError(`no field ${name}`);
  return found;
}

export function fieldOf(payload: Buffer, name: keyof ChangedFields): number {
  const { offset, bytes } = FIELDS[name];
  const low = Math.min(bytes, 6);
  return payload.readUIntBE(offset + bytes - low, low);
}

/** The key id of the thief's own device. */
export function thiefsKeyId(): number {
  const { psd, license } = CUSTOMER_NAMES[THIEF] ?? { psd: '', license: 0 };
  return world.key(psd, license).keyId;
}
