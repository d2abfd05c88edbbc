import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Indicium, parseIndicium } from '../../indicium/index.ts';
import { type Scenario, simulate, type TruthLine } from '../../psd-sim/index.ts';
import { jsonLines } from './command-line.ts';
import { temporaryFolder } from './temporary.ts';

const SCENARIO: Scenario = {
  seed: 31,
  pieces: 700,
  psds: 12,
  licenses: 8,
  frauds: [],
  images: 'none',
  dayMs: Date.UTC(2026, 10, 20),
};
export interface ScanLine {
  readonly scanId: string;
  readonly plant: string;
  readonly machine: string;
  readonly scannedAt: string;
  readonly mailpieceId: string;
  readonly pass: string;
  readonly destination: string;
  readonly weightGrams: number;
  readonly payload: string;
}

export type Scanned = ScanLine & { readonly mark: Indicium };
interface Key {
  readonly keyId: number;
  readonly psd: string;
  readonly license: number;
  readonly spki: string;
  readonly revokedAtMs: number | null;
  readonly compromisedFromMs: number | null;
}
interface License {
  readonly license: number;
  readonly psdLimit: number;
  readonly validToMs: number;
  readonly revokedAtMs: number | null;
}
export interface OfSet {
  readonly license: number;
  readonly psd: string;
}

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** What was written of one day, and nothing of how it came about. */
export interface WrittenDay {
  readonly scans: readonly Scanned[];
  readonly truth: readonly TruthLine[];
  readonly keys: ReadonlyMap<number, Key>;
  readonly licenses: ReadonlyMap<number, License>;
  readonly grants: readonly (OfSet & { readonly endedAtMs: number | null })[];
  readonly funds: readonly (OfSet & { readonly amountMills: number })[];
  readonly refunds: readonly (OfSet & { readonly pieceCount: string })[];
  readonly plantOf: ReadonlyMap<string, string>;
  readonly placeOf: ReadonlyMap<string, Place>;
  readonly heaviestGrams: ReadonlyMap<number, number>;
}

export async function writtenDay(test: TestContext, change: Partial<Scenario>): Promise<WrittenDay> {
  const folder = await temporaryFolder(test);
  await simulate({ ...SCENARIO, ...change }, folder);
  const lines = async <Line>(file: string) => jsonLines<Line>(await readFile(join(folder, file), 'utf8'));
  const scans = new Map(
    (await lines<ScanLine>('scans.ndjson')).map((line): [string, Scanned] => {
      const parsed = parseIndicium(Buffer.from(line.payload, 'base64'));
      assert.ok('indicium' in parsed, line.scanId);
      return [line.scanId, { ...line, mark: parsed.indicium }];
    }),
  );
  const keys = await lines<Key>('registry/keys.ndjson');
  const licenses = await lines<License>('registry/licenses.ndjson');
  const plants = await lines<Place & { plant: string; postcode: string }>('registry/plants.ndjson');
  const rates = await lines<{ rateCategory: number; weightGramsMax: number }>('registry/rates.ndjson');
  return {
    scans: [...scans.values()],
    truth: await lines<TruthLine>('truth.ndjson'),
    keys: new Map(keys.map((key) => [key.keyId, key])),
    licenses: new Map(licenses.map((license) => [license.license, license])),
    grants: await lines('registry/grants.ndjson'),
    funds: await lines('registry/funds.ndjson'),
    refunds: await lines('registry/refunds.ndjson'),
    plantOf: new Map(plants.map(({ plant, postcode }) => [postcode, plant])),
    placeOf: new Map(plants.map((place) => [place.plant, place])),
    heaviestGrams: new Map(rates.map(({ rateCategory, weightGramsMax }) => [rateCategory, weightGramsMax])),
  };
}
