import type { Indicium, RegistryRecords, Scan } from '../../indicium/index.ts';
import { booksOf, Registers, seen } from './books.ts';
import type { Evidence } from './evidence.ts';

export const HOUR_MS = 3_600_000;
const TOWNS = ['06484', '10001', '50029', '75034'] as const;
export type Town = (typeof TOWNS)[number];
const PLACES: Readonly<Record<Town, readonly [number, number]>> = {
  '06484': [41.3, -73.1],
  '10001': [40.7, -74],
  '50029': [41.6, -93.2],
  '75034': [33.1, -96.8],
};
export const LICENSES: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];
const RATE = { rateCategory: 101, weightGramsMax: 20, postageMills: 730, validFromMs: 0, validToMs: 8.64e15 };

/** Eight licenses, each on a PSD of its own, and four plants that are far from each other. */
export const COUNTRY: RegistryRecords = booksOf({
  licenses: LICENSES.map((license) => ({
    ...{ license, holder: 'Holder', town: 'Shelton', depositPostcode: '06484', psdLimit: 1 },
    ...{ validFromMs: 0, validToMs: 8.64e15, revokedAtMs: null },
  })),
  grants: LICENSES.map((license) => ({ license, psd: psdOf(license), grantedAtMs: 0, endedAtMs: null })),
  psds: LICENSES.map((license) => ({ psd: psdOf(license), user: 'Holder' })),
  funds: LICENSES.map((license) => ({ license, psd: psdOf(license), refill: 1, amountMills: 100_000, paidAtMs: 0 })),
  rates: [RATE],
  plants: TOWNS.map((plant) => ({ plant, postcode: plant, latitude: PLACES[plant][0], longitude: PLACES[plant][1] })),
});

export function psdOf(license: number): string {
  return `06-2S-${license}`;
}

/** What a plant does to the scans that it writes down. */
export type Distortions = Partial<Record<Town, (scan: Partial<Scan>) => Partial<Scan>>>;

export function late(hours: number) {
  return ({ scannedAtMs, ...scan }: Partial<Scan>): Partial<Scan> => {
    return { ...scan, scannedAtMs: (scannedAtMs ?? 0) + hours * HOUR_MS };
  };
}

export function heavier(times: number) {
  return ({ weightGrams, ...scan }: Partial<Scan>): Partial<Scan> => {
    return { ...scan, weightGrams: Math.round((weightGrams ?? 0) * times) };
  };
}

/**
 * Three letters of each license from each plant to each of the given ones: franked in the morning, sorted ten hours later
 * where they enter the mail and a day after that where they are delivered. Outcomes are those that the verifier gives.
 */
export function letters(towns: readonly Town[], distortions: Distortions = {}, licenses = LICENSES): Evidence[] {
  const plain = (scan: Partial<Scan>) => scan;
  return licenses.flatMap((license) => {
    const registers = new Registers(psdOf(license), license);
    return towns.flatMap((from) =>
      [0, 1, 2].flatMap((turn) => {
        const mark = registers.print(3 * towns.indexOf(from) + turn);
        const to = towns[(towns.indexOf(from) + turn + 1) % towns.length] ?? from;
        const mailpieceId = `M${license}-${mark.pieceCount}`;
        const common = { weightGrams: 15, mailpieceId };
        const entered = {
          ...common,
          plant: from,
          pass: 'transit',
          scannedAtMs: mark.printedAtMs + 10 * HOUR_MS,
        } as const;
        const left = {
          ...common,
          plant: to,
          pass: 'destination',
          scannedAtMs: mark.printedAtMs + 34 * HOUR_MS,
        } as const;
        const scans = [
          (distortions[from] ?? plain)(entered),
          ...(to === from ? [] : [(distortions[to] ?? plain)(left)]),
        ];
        return scans.map((scan) => scanned(mark, scan));
      }),
    );
  });
}

/** With the outcome that verify/limits.ts asks for: 36 hours before the date, or 30 days after it, are an anomaly. */
export function scanned(mark: Indicium, scan: Partial<Scan>): Evidence {
  const age = (scan.scannedAtMs ?? mark.printedAtMs) - mark.printedAtMs;
  return seen(mark, scan, age < -36 * HOUR_MS || age > 720 * HOUR_MS ? 'date-anomaly' : 'valid');
}
