import { Judge } from '../../analytics/index.ts';
import { FIELDS, type Scan } from '../../indicium/index.ts';
import type { MarkFields } from '../../psd-sim/psd/encoder.ts';
import type { Registry } from '../../verify/index.ts';
import { type Evidence, readingOf, scanOf, verdictOf } from './evidence.ts';
import type { Framing, Proof } from './framings.ts';
import { FUNDS_MILLS, PRINTED_AT_MS, packed, type RegistryRecords, SmallWorld, TOWN } from './marks.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NEAR = { plant: '06484', pass: 'origin' } as const;
const FAR = { plant: '75034', pass: 'origin' } as const;

/** A license on a PSD of its own. */
export interface Party {
  readonly license: number;
  readonly psd: string;
  readonly serial: number;
}

type Scanned = readonly [payload: Buffer, scan: Partial<Scan>];

const WORLD = new SmallWorld(5, 5, 'framing');

function party(serial: number): Party {
  return { license: WORLD.licenses[serial] ?? 0, psd: WORLD.psds[serial]?.name ?? '', serial };
}

/** Three innocents with an adversary each: one posts mail, one holds a plant's token as well, one has a PSD. */
export const [POSTED, CLAIMED, BORROWED] = [party(0), party(1), party(2)];
/** Somebody who commits the fraud himself, and the owner of the PSD that frames others. */
export const [GUILTY, THIEF] = [party(3), party(4)];

/** A mail in which each party franked honestly, and each adversary does all that is within his reach. */
export function framedMail(framing: Framing): { readonly evidence: Evidence[]; readonly registry: Registry } {
  const registry = packed(recordsOf(framing));
  const proofs = framing.proofs ?? [{ mark: {} }];
  const scanned: Scanned[] = [
    ...[POSTED, CLAIMED, BORROWED, GUILTY, THIEF].flatMap(honest),
    ...posted(POSTED, proofs),
    ...posted(CLAIMED, proofs),
    ...claimed(CLAIMED),
    ...borrowed(BORROWED, proofs),
    ...proofs.map((proof): Scanned => [markOf(GUILTY, proof), scanFor(proof)]),
    ...copied(GUILTY),
    ...claimed(GUILTY),
  ];
  const judge = new Judge();
  const evidence = scanned.map(([payload, change]) => {
    const scan = scanOf(change);
    const reading = readingOf(payload, registry, scan.scannedAtMs);
    return { scan, reading, verdict: verdictOf(judge, scan, reading) };
  });
  return { evidence, registry };
}

function recordsOf({ registry }: Framing): RegistryRecords {
  const isOwn = ({ license, psd }: { license: number; psd: string }) =>
    WORLD.licenses.indexOf(license) === WORLD.psds.findIndex(({ name }) => name === psd);
  const { grants, funds } = WORLD.records;
  const records: RegistryRecords = {
    ...WORLD.records,
    grants: grants.filter(isOwn),
    funds: funds.filter(isOwn),
    rates: [{ rateCategory: 101, weightGramsMax: 20, postageMills: 730, validFromMs: 0, validToMs: 8.64e15 }],
    plants: [
      { plant: NEAR.plant, postcode: TOWN.depositPostcode, latitude: 41.3, longitude: -73.1 },
      { plant: FAR.plant, postcode: '75034', latitude: 33.1, longitude: -96.8 },
    ],
  };
  return { ...records, ...registry?.(records) };
}

function fieldsOf(party: Party, change: Partial<MarkFields> = {}): MarkFields {
  const pieceCount = change.pieceCount ?? 6n;
  const postageMills = change.postageMills ?? 730n;
  const ascendingMills = (pieceCount - 1n) * 730n + postageMills;
  return {
    suite: 1,
    keyId: WORLD.key(party.psd, party.license).keyId,
    license: party.license,
    manufacturer: '06',
    model: '2S',
    serial: party.serial,
    epoch: 0,
    pieceCount,
    ascendingMills,
    descendingMills: BigInt(FUNDS_MILLS) - ascendingMills,
    postageMills,
    rateCategory: 101,
    printedAtSeconds: PRINTED_AT_MS / 1000 + Math.min(Number(pieceCount), 8) * 60,
    depositPostcode: TOWN.depositPostcode,
    destinationPostcode: '06443123456',
    ...change,
  };
}

/** As the party itself signs it. */
function markOf(party: Party, { mark }: Proof): Buffer {
  return WORLD.signed(party.psd, party.license, fieldsOf(party, mark));
}

function scanFor({ mark, scan }: Proof): Partial<Scan> {
  const printedAtMs = fieldsOf(GUILTY, mark).printedAtSeconds * 1000;
  return { ...NEAR, scannedAtMs: printedAtMs + 30 * MINUTE_MS, ...scan };
}

/** What a plant writes of a letter of a party. */
const TAGGED = { destination: '06443123456', weightGrams: 18 } as const;

function tagOf({ serial }: Party, pieceCount: bigint): string {
  return `TAG${serial}${pieceCount}`;
}

/** Pieces 1, 3, 4 and 5 in the mail; 2 was spoiled. */
function honest(party: Party): Scanned[] {
  return [1n, 3n, 4n, 5n].map((pieceCount) => {
    const proof = { mark: { pieceCount } };
    return [markOf(party, proof), { ...scanFor(proof), ...TAGGED, mailpieceId: tagOf(party, pieceCount) }];
  });
}

/** Somebody who only posts mail: the plants write down what is true of it. */
function posted(victim: Party, proofs: readonly Proof[]): Scanned[] {
  const madeUp = proofs.flatMap((proof): Scanned[] => {
    const named = [...variants(markOf(THIEF, proof), victim)];
    return named.map((payload) => [payload, scanFor(proof)]);
  });
  return [...madeUp, ...copied(victim)];
}

/**
 * Photocopies to elsewhere, heavier, far away and much later: of a spoiled print out of the waste, which nobody else mails, and of
 * letters of others, some with their id tags.
 */
function copied(victim: Party): Scanned[] {
  const [waste, letter, tagged, heavier] = [2n, 3n, 4n, 5n].map((pieceCount) =>
    markOf(victim, { mark: { pieceCount } }),
  );
  if (waste === undefined || letter === undefined || tagged === undefined || heavier === undefined) return [];
  const laterMs = PRINTED_AT_MS + 45 * MINUTE_MS;
  return [
    [waste, { ...FAR, scannedAtMs: laterMs, destination: '99501', weightGrams: 500 }],
    [letter, { ...FAR, scannedAtMs: laterMs, destination: '99501', weightGrams: 500 }],
    [letter, { ...NEAR, scannedAtMs: PRINTED_AT_MS + 40 * DAY_MS }],
    [tagged, { ...FAR, ...TAGGED, scannedAtMs: laterMs, mailpieceId: tagOf(victim, 4n) }],
    [heavier, { ...NEAR, ...TAGGED, scannedAtMs: laterMs, weightGrams: 500, mailpieceId: tagOf(victim, 5n) }],
    [heavier, { ...NEAR, ...TAGGED, scannedAtMs: PRINTED_AT_MS + 40 * DAY_MS, mailpieceId: tagOf(victim, 5n) }],
  ];
}

/** The holder of the token of the far plant: what it read, when, and on which mailpiece is his to say. */
function claimed(victim: Party): Scanned[] {
  const letter = markOf(victim, { mark: { pieceCount: 1n } });
  return [-400 * DAY_MS, -2 * DAY_MS, 31 * MINUTE_MS, 400 * DAY_MS].map((sinceMs) => {
    const scannedAtMs = PRINTED_AT_MS + sinceMs;
    return [letter, { ...FAR, mailpieceId: `T${sinceMs}`, scannedAtMs, destination: '99501', weightGrams: 900 }];
  });
}

/** The owner of a PSD: its key signs in the victim's name, under its own number and under that of the victim's key. */
function borrowed(victim: Party, proofs: readonly Proof[]): Scanned[] {
  return proofs.flatMap((proof) =>
    [THIEF, victim].map((keyOf): Scanned => {
      const { keyId } = WORLD.key(keyOf.psd, keyOf.license);
      const fields = { ...fieldsOf(victim, proof.mark), keyId };
      return [WORLD.signed(THIEF.psd, THIEF.license, fields), scanFor(proof)];
    }),
  );
}

/** A mark in the victim's name with a signature over other contents, under four numbers and kinds of keys. */
function variants(model: Buffer, victim: Party): readonly Buffer[] {
  const { keyId } = WORLD.key(victim.psd, victim.license);
  const named = (id: number, suite = 1): Buffer => {
    const payload = Buffer.from(model);
    payload.writeUIntBE(id, FIELDS.keyId.offset, FIELDS.keyId.bytes);
    payload.writeUIntBE(victim.license, FIELDS.license.offset, FIELDS.license.bytes);
    payload.writeUInt32BE(victim.serial, FIELDS.serial.offset);
    payload.writeUInt8(suite, FIELDS.suite.offset);
    return payload;
  };
  return [named(keyId), named(WORLD.key(THIEF.psd, THIEF.license).keyId), named(999_999), named(keyId, 2)];
}
