import { type Reading, type ReadingColumns, ReadingColumnsBuilder, type Scan } from '../indicium/index.ts';

const SETS = 20_000;
const SIGNED = new Uint8Array(87);
const SIGNATURE = new Uint8Array(64);
const DAY_MS = Date.UTC(2026, 10, 21);

/** Readings as threads hand them over: the pieces that come after those of a large store, by number, all of them genuine. */
export function nextBatch(first: number, rows: number): ReadingColumns {
  const builder = new ReadingColumnsBuilder(rows);
  for (let number = first; number < first + rows; number++) builder.add(scanOf(number), readingOf(number));
  return builder.finish();
}

function scanOf(number: number): Scan {
  return {
    scanId: `DBCS-${number % 150}/20261121A/${String(number).padStart(9, '0')}`,
    plant: String(10_000 + (number % 75)),
    machine: `DBCS-${number % 150}`,
    scannedAtMs: DAY_MS + (number % 86_400_000),
    mailpieceId: `J18C${String(number).padStart(12, '0')}`,
    pass: 'origin',
    destination: `${String(number % 100_000).padStart(5, '0')}123456`,
    weightGrams: 20,
    mark: { kind: 'payload', payload: SIGNED },
    extra: null,
    sender: null,
    digest: BigInt(number),
  };
}

function readingOf(number: number): Reading {
  const set = number % SETS;
  return {
    payload: SIGNED,
    symbology: null,
    indicium: {
      version: 1,
      suite: 'ecdsa-p256-sha256',
      keyId: set + 1,
      license: 700_000 + set,
      psd: `06-2S-${5_520_023 + set * 7}`,
      epoch: 0,
      pieceCount: BigInt(Math.floor(number / SETS) + 10),
      ascendingMills: 730,
      descendingMills: 730,
      postageMills: 730,
      rateCategory: 101,
      printedAtMs: DAY_MS,
      depositPostcode: '10000',
      destinationPostcode: '10000123456',
      signedBytes: SIGNED,
      signature: SIGNATURE,
    },
    contentDigest: BigInt(number) + 1n,
    outcome: 'valid',
    trustVersion: 1,
  };
}
