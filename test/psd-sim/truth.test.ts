import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Indicium, parseIndicium } from '../../indicium/index.ts';
import { FRAUDS, type FraudName, type Scenario, simulate, type TruthLine } from '../../psd-sim/index.ts';
import { isSignedBy, publicKeyFrom } from '../../psd-sim/key-pair.ts';
import { jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SCENARIO: Scenario = {
  seed: 31,
  pieces: 700,
  psds: 12,
  licenses: 8,
  frauds: [],
  images: 'none',
  dayMs: Date.UTC(2026, 10, 20),
};
const MINUTE_MS = 60_000;
/** Further than anybody takes mail to hand it in. */
const FAR_KM = 1_200;
/** No printer makes as many. */
const MARKS_A_MINUTE_MAX = 1_000n;
const STALE_MS = 30 * 24 * 3_600_000;

interface ScanLine {
  readonly scanId: string;
  readonly plant: string;
  readonly scannedAt: string;
  readonly mailpieceId: string;
  readonly pass: string;
  readonly destination: string;
  readonly weightGrams: number;
  readonly payload: string;
}

type Scanned = ScanLine & { readonly mark: Indicium };
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
interface OfSet {
  readonly license: number;
  readonly psd: string;
}

interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** On a flat map, which is enough to tell the next county from the other end of the country. */
function roughKm(from: Place, to: Place): number {
  const eastward = (from.longitude - to.longitude) * Math.cos((from.latitude * Math.PI) / 180);
  return 111 * Math.hypot(from.latitude - to.latitude, eastward);
}

/** What was written of one day, and nothing of how it came about. */
interface WrittenDay {
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

async function writtenDay(test: TestContext, frauds: readonly FraudName[]): Promise<WrittenDay> {
  const folder = await temporaryFolder(test);
  await simulate({ ...SCENARIO, frauds }, folder);
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

type Rule = (scan: Scanned, day: WrittenDay) => boolean;

const isOf = ({ license, psd }: OfSet) => {
  return (other: OfSet) => other.license === license && other.psd === psd;
};

const isCopied: Rule = ({ payload, mailpieceId }, { scans }) => {
  return scans.some((other) => other.payload === payload && other.mailpieceId !== mailpieceId);
};
const isBadlySigned: Rule = ({ mark }, { keys }) => {
  const publicKey = publicKeyFrom(Buffer.from(keys.get(mark.keyId)?.spki ?? '', 'base64'));
  return !isSignedBy(Buffer.from(mark.signedBytes), Buffer.from(mark.signature), publicKey);
};
const isUsedTwice: Rule = ({ mark }, { scans }) => {
  return scans.some(({ mark: other }) => {
    const isSameCount = isOf(mark)(other) && other.pieceCount === mark.pieceCount;
    return isSameCount && !Buffer.from(other.signedBytes).equals(Buffer.from(mark.signedBytes));
  });
};
const isSince = (fromMs: number | null | undefined, { printedAtMs }: Indicium) => {
  return typeof fromMs === 'number' && printedAtMs >= fromMs;
};

/** How each fraud looks in a scan beside the registry: found by other means than those that committed it. */
const LOOKS: Record<FraudName, Rule> = {
  'two-places': ({ mark, payload }, { scans, plantOf, placeOf }) => {
    const home = placeOf.get(plantOf.get(mark.depositPostcode) ?? '');
    return scans.some((other) => {
      const place = placeOf.get(other.plant);
      const isHandedIn = other.payload === payload && other.pass === 'origin';
      return isHandedIn && home !== undefined && place !== undefined && roughKm(home, place) > FAR_KM;
    });
  },
  'faster-than-printer': ({ mark }, { scans }) => {
    return scans.some(({ mark: other }) => {
      const isOfOneMinute = isOf(mark)(other) && Math.abs(mark.printedAtMs - other.printedAtMs) <= MINUTE_MS;
      return isOfOneMinute && mark.pieceCount - other.pieceCount > MARKS_A_MINUTE_MAX;
    });
  },
  copy: isCopied,
  'copy-far': isCopied,
  forged: isBadlySigned,
  altered: isBadlySigned,
  fork: isUsedTwice,
  rollback: isUsedTwice,
  'cross-key': ({ mark }, { keys }) => {
    const key = keys.get(mark.keyId);
    return key === undefined || !isOf(mark)(key);
  },
  'ungranted-psd': ({ mark }, { grants }) => !grants.some(isOf(mark)),
  'overspread-license': ({ mark }, { grants, licenses }) => {
    const psds = grants.filter(({ license, endedAtMs }) => license === mark.license && endedAtMs === null);
    return psds.length > (licenses.get(mark.license)?.psdLimit ?? 0);
  },
  overspend: ({ mark }, { funds }) => {
    const paidMills = funds.filter(isOf(mark)).reduce((sum, { amountMills }) => sum + amountMills, 0);
    return mark.ascendingMills > paidMills;
  },
  'refund-mailed': ({ mark }, { refunds }) => {
    return refunds.some((refund) => isOf(mark)(refund) && refund.pieceCount === String(mark.pieceCount));
  },
  'expired-license': ({ mark }, { licenses }) => isSince(licenses.get(mark.license)?.validToMs, mark),
  'revoked-license': ({ mark }, { licenses }) => isSince(licenses.get(mark.license)?.revokedAtMs, mark),
  'compromised-key': ({ mark }, { keys }) => isSince(keys.get(mark.keyId)?.compromisedFromMs, mark),
  'revoked-key': ({ mark }, { keys }) => isSince(keys.get(mark.keyId)?.revokedAtMs, mark),
  'wrong-town': ({ mark, plant, pass }, { plantOf }) => {
    return pass === 'origin' && plantOf.get(mark.depositPostcode) !== plant;
  },
  'wrong-destination': ({ mark, destination }) => mark.destinationPostcode !== destination,
  'stale-date': ({ mark, scannedAt }) => Date.parse(scannedAt) - mark.printedAtMs > STALE_MS,
  'short-postage': ({ mark, weightGrams }, { heaviestGrams }) => {
    return weightGrams > (heaviestGrams.get(mark.rateCategory) ?? 0);
  },
};

function guiltyScans(day: WrittenDay, fraud: FraudName): string[] {
  return day.scans
    .filter((scan) => LOOKS[fraud](scan, day))
    .map(({ scanId }) => scanId)
    .toSorted();
}

describe('truth.ndjson', () => {
  for (const fraud of FRAUDS) {
    it(`names every piece of a ${fraud}, and no other`, async (test) => {
      const day = await writtenDay(test, [fraud]);
      const lines = day.truth.filter((line) => 'fraud' in line);
      assert.ok(lines.length > 0 && lines.every((line) => line.fraud === fraud));
      assert.deepEqual(lines.flatMap(({ scanIds }) => scanIds).toSorted(), guiltyScans(day, fraud));
      const scans = new Map(day.scans.map((scan) => [scan.scanId, scan]));
      for (const { license, psd, scanIds } of lines) {
        const marks = scanIds.map((scanId) => scans.get(scanId)?.mark);
        assert.ok(
          marks.every((mark) => mark?.license === license && mark.psd === psd),
          `${license} on ${psd}`,
        );
      }
    });
  }

  it('names no fraud on an honest day, and nothing looks like one', async (test) => {
    const day = await writtenDay(test, []);
    assert.ok(day.truth.every((line) => !('fraud' in line)));
    for (const fraud of FRAUDS) assert.deepEqual(guiltyScans(day, fraud), [], fraud);
  });

  it('sends copies far away to another plant, and the others to the same', async (test) => {
    for (const [fraud, plants] of [
      ['copy', 1],
      ['copy-far', 2],
    ] as const) {
      const day = await writtenDay(test, [fraud]);
      for (const line of day.truth) {
        if (!('fraud' in line)) continue;
        const seenAt = day.scans.filter(({ scanId }) => line.scanIds.includes(scanId)).map(({ plant }) => plant);
        assert.equal(new Set(seenAt).size, plants, fraud);
      }
    }
  });
});
