import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Indicium } from '../../indicium/index.ts';
import { isSignedBy, publicKeyFrom } from '../../psd-sim/key-pair.ts';
import { FRAUDS } from '../../psd-sim/scenario.ts';
import { type OfSet, type Place, type Scanned, type WrittenDay, writtenDay } from '../support/written-day.ts';

type DailyFraud = (typeof FRAUDS)[number];

const MINUTE_MS = 60_000;
/** Further than anybody takes mail to hand it in. */
const FAR_KM = 1_200;
/** No printer makes as many. */
const MARKS_A_MINUTE_MAX = 1_000n;
const STALE_MS = 30 * 24 * 3_600_000;

/** On a flat map, which is enough to tell the next county from the other end of the country. */
function roughKm(from: Place, to: Place): number {
  const eastward = (from.longitude - to.longitude) * Math.cos((from.latitude * Math.PI) / 180);
  return 111 * Math.hypot(from.latitude - to.latitude, eastward);
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
const LOOKS: Record<DailyFraud, Rule> = {
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

function guiltyScans(day: WrittenDay, fraud: DailyFraud): string[] {
  return day.scans
    .filter((scan) => LOOKS[fraud](scan, day))
    .map(({ scanId }) => scanId)
    .toSorted();
}

describe('truth.ndjson', () => {
  for (const fraud of FRAUDS) {
    it(`names every piece of a ${fraud}, and no other`, async (test) => {
      const day = await writtenDay(test, { frauds: [fraud] });
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
    const day = await writtenDay(test, {});
    assert.ok(day.truth.every((line) => !('fraud' in line)));
    for (const fraud of FRAUDS) assert.deepEqual(guiltyScans(day, fraud), [], fraud);
  });

  it('sends copies far away to another plant, and the others to the same', async (test) => {
    for (const [fraud, plants] of [
      ['copy', 1],
      ['copy-far', 2],
    ] as const) {
      const day = await writtenDay(test, { frauds: [fraud] });
      for (const line of day.truth) {
        if (!('fraud' in line)) continue;
        const seenAt = day.scans.filter(({ scanId }) => line.scanIds.includes(scanId)).map(({ plant }) => plant);
        assert.equal(new Set(seenAt).size, plants, fraud);
      }
    }
  });
});
