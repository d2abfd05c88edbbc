import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  type FraudLine,
  type FraudName,
  FURTHER_FRAUDS,
  PROVED_BY,
  PROVED_BY_REVIEW,
  partsIn,
  type Scenario,
  ScenarioError,
} from '../../psd-sim/index.ts';
import { isSignedBy, publicKeyFrom } from '../../psd-sim/key-pair.ts';
import { type Scanned, type WrittenDay, writtenDay } from '../support/written-day.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const PLACEHOLDER = 'NOREAD';

/** Each fraud of one name on a day with no other, with its scans in the order of their clocks. */
async function committed(test: TestContext, fraud: FraudName, change: Partial<Scenario> = {}) {
  const day = await writtenDay(test, { ...change, frauds: [fraud] });
  const lines = day.truth.filter((line) => 'fraud' in line);
  assert.ok(lines.length > 0 && lines.every((line) => line.fraud === fraud));
  const scanOf = new Map(day.scans.map((scan) => [scan.scanId, scan]));
  return lines.map((line) => {
    const scans = line.scanIds.map((scanId) => scanOf.get(scanId)).filter((scan) => scan !== undefined);
    assert.equal(scans.length, line.scanIds.length);
    return { line, day, scans: scans.toSorted((a, b) => atMs(a) - atMs(b)) };
  });
}

function atMs({ scannedAt }: Scanned): number {
  return Date.parse(scannedAt);
}

function distinct<Value>(scans: readonly Scanned[], of: (scan: Scanned) => Value): number {
  return new Set(scans.map(of)).size;
}

function isGenuine({ mark }: Scanned, { keys }: WrittenDay): boolean {
  const key = keys.get(mark.keyId);
  const publicKey = publicKeyFrom(Buffer.from(key?.spki ?? '', 'base64'));
  return isSignedBy(Buffer.from(mark.signedBytes), Buffer.from(mark.signature), publicKey);
}

function isInTheNameOf({ mark }: Scanned, { license, psd }: Pick<FraudLine, 'license' | 'psd'>): boolean {
  return mark.license === license && mark.psd === psd;
}

/** Scans of the same mark are either all named by the truth or it is not exact. */
function assertNoneElsewhere({ scans, day }: { scans: readonly Scanned[]; day: WrittenDay }): void {
  const named = new Set(scans.map(({ scanId }) => scanId));
  const payloads = new Set(scans.map(({ payload }) => payload));
  const others = day.scans.filter(({ scanId, payload }) => payloads.has(payload) && !named.has(scanId));
  assert.deepEqual(others, []);
}

describe('a cloned tag', () => {
  it('is one mark and one id on letters of other weight and destination, at two plants, minutes apart', async (test) => {
    for (const { line, day, scans } of await committed(test, 'cloned-tag')) {
      assert.equal(scans.length, 4);
      assert.equal(
        distinct(scans, ({ payload }) => payload),
        1,
      );
      assert.equal(
        distinct(scans, ({ mailpieceId }) => mailpieceId),
        1,
      );
      assert.ok(scans.every(({ pass }) => pass === 'origin'));
      assert.equal(distinct(scans, ({ plant }) => plant) > 1, true);
      assert.ok(distinct(scans, ({ destination }) => destination) > 1);
      for (const [index, scan] of scans.entries()) {
        const before = scans[index - 1];
        if (before === undefined) continue;
        assert.ok(atMs(scan) - atMs(before) <= 15 * MINUTE_MS);
        assert.ok(scan.weightGrams - before.weightGrams >= 50, 'beyond the spread of two scales');
      }
      assertNoneElsewhere({ scans, day });
      assert.deepEqual(partsIn(line), [{ role: 'unknown', license: line.license, psd: line.psd }]);
      assert.ok(scans.every((scan) => isInTheNameOf(scan, line)));
    }
  });
});

describe('a recirculated mark', () => {
  it('enters the mail again days after its delivery, with the same id', async (test) => {
    for (const { line, day, scans } of await committed(test, 'recirculated')) {
      assert.deepEqual(
        scans.map(({ pass }) => pass),
        ['origin', 'destination', 'origin', 'destination'],
      );
      assert.equal(
        distinct(scans, ({ payload, mailpieceId }) => `${payload} ${mailpieceId}`),
        1,
      );
      const [, delivered, again] = scans;
      assert.ok(delivered !== undefined && again !== undefined);
      assert.ok(atMs(again) - atMs(delivered) >= DAY_MS);
      assertNoneElsewhere({ scans, day });
      assert.deepEqual(partsIn(line), [{ role: 'unknown', license: line.license, psd: line.psd }]);
    }
  });

  it('goes to its addressee again, or to somebody else', async (test) => {
    const frauds = await committed(test, 'recirculated', { pieces: 7_000, seed: 5 });
    const destinations = new Set(frauds.map(({ scans }) => distinct(scans, ({ destination }) => destination)));
    assert.deepEqual([...destinations].toSorted(), [1, 2]);
  });
});

describe('copies with a placeholder for an id', () => {
  it('are one mark on ten letters at two plants, whose id stands on other marks too', async (test) => {
    for (const { day, scans } of await committed(test, 'placeholder-id')) {
      assert.equal(scans.length, 10);
      assert.equal(
        distinct(scans, ({ payload }) => payload),
        1,
      );
      assert.ok(scans.every(({ mailpieceId, pass }) => mailpieceId === PLACEHOLDER && pass === 'origin'));
      assert.ok(distinct(scans, ({ plant }) => plant) > 1);
      assertNoneElsewhere({ scans, day });
      const unread = day.scans.filter(({ mailpieceId }) => mailpieceId === PLACEHOLDER);
      assert.ok(distinct(unread, ({ payload }) => payload) > 5, 'honest pieces have it as well');
    }
  });
});

describe('a register that stands still', () => {
  it('is at one postage while every second count is used, in genuine marks', async (test) => {
    for (const { line, day, scans } of await committed(test, 'standing-register')) {
      const marks = scans.map(({ mark }) => mark).toSorted((a, b) => Number(a.pieceCount - b.pieceCount));
      assert.ok(scans.every((scan) => isGenuine(scan, day) && isInTheNameOf(scan, line)));
      assert.deepEqual([...new Set(marks.map(({ ascendingMills }) => ascendingMills))], [730]);
      assert.equal(new Set(marks.map(({ descendingMills }) => descendingMills)).size, 1);
      const counts = marks.map(({ pieceCount }) => pieceCount);
      assert.deepEqual(
        counts,
        counts.map((_, index) => BigInt(1 + 2 * index)),
      );
      assert.deepEqual(partsIn(line), [{ role: 'suspect', license: line.license, psd: line.psd }]);
    }
  });
});

describe('an omitted descending register', () => {
  it('is missing from genuine marks that spend more than was paid', async (test) => {
    for (const { line, day, scans } of await committed(test, 'omitted-descending')) {
      const funds = day.funds.filter(({ license, psd }) => license === line.license && psd === line.psd);
      const paidMills = funds.reduce((sum, { amountMills }) => sum + amountMills, 0);
      assert.ok(paidMills > 0, 'a prepaid PSD');
      for (const scan of scans) {
        assert.ok(isGenuine(scan, day) && isInTheNameOf(scan, line));
        assert.equal(scan.mark.descendingMills, null);
        assert.ok(scan.mark.ascendingMills > paidMills);
      }
      assert.deepEqual(partsIn(line), [{ role: 'suspect', license: line.license, psd: line.psd }]);
    }
  });

  it('rises from mark to mark by the postage, so that nothing else contradicts it', async (test) => {
    for (const { scans } of await committed(test, 'omitted-descending')) {
      const marks = scans.map(({ mark }) => mark).toSorted((a, b) => Number(a.pieceCount - b.pieceCount));
      for (const [index, mark] of marks.entries()) {
        const before = marks[index - 1];
        if (before === undefined) continue;
        assert.equal(mark.pieceCount - before.pieceCount, 1n);
        assert.equal(mark.ascendingMills - before.ascendingMills, mark.postageMills);
      }
    }
  });

  it('cannot be where users pay for what they printed', async (test) => {
    await assert.rejects(committed(test, 'omitted-descending', { payment: 'postpaid' }), ScenarioError);
  });
});

describe('a backdated scan', () => {
  it('claims to be before the compromise, as its mark does, and its record comes after it', async (test) => {
    for (const { line, day, scans } of await committed(test, 'backdated-scan')) {
      for (const scan of scans) {
        const compromisedFromMs = day.keys.get(scan.mark.keyId)?.compromisedFromMs ?? 0;
        assert.ok(isGenuine(scan, day));
        assert.ok(scan.mark.printedAtMs < atMs(scan) && atMs(scan) < compromisedFromMs);
        // Lines stand in the order in which records came.
        const at = day.scans.indexOf(scan);
        const before = day.scans.slice(0, at).filter((other) => atMs(other) > compromisedFromMs);
        assert.ok(before.length > 0, 'records of later scans came before');
      }
      assert.deepEqual(partsIn(line), [{ role: 'victim', license: line.license, psd: line.psd }]);
    }
  });
});

describe('letters that frame a stranger', () => {
  it('are forged in his name: badly signed, together through one machine', async (test) => {
    for (const { line, day, scans } of await committed(test, 'framing-forged')) {
      assert.ok(scans.length >= 6);
      assert.ok(scans.every((scan) => !isGenuine(scan, day) && isInTheNameOf(scan, line)));
      assertMailedTogether(scans);
      assert.ok(
        day.scans.some((scan) => isGenuine(scan, day) && isInTheNameOf(scan, line)),
        'he franks honestly',
      );
      assert.deepEqual(partsIn(line), [{ role: 'victim', license: line.license, psd: line.psd }]);
    }
  });

  it('are signed by the genuine key of the thief, whom the truth names', async (test) => {
    for (const { line, day, scans } of await committed(test, 'framing-cross-key')) {
      assert.ok(scans.every((scan) => isGenuine(scan, day) && isInTheNameOf(scan, line)));
      assert.equal(
        distinct(scans, ({ mark }) => mark.keyId),
        1,
      );
      assertMailedTogether(scans);
      const thief = day.keys.get(scans[0]?.mark.keyId ?? 0);
      assert.ok(thief !== undefined && thief.license !== line.license);
      assert.deepEqual(partsIn(line), [
        { role: 'victim', license: line.license, psd: line.psd },
        { role: 'suspect', license: thief.license, psd: thief.psd },
      ]);
    }
  });

  it('have licenses, PSDs and keys that nobody gave out, each letter others', async (test) => {
    for (const { line, day, scans } of await committed(test, 'framing-made-up')) {
      assert.equal(
        distinct(scans, ({ mark }) => mark.license),
        scans.length,
      );
      for (const { mark } of scans) {
        assert.ok(!day.licenses.has(mark.license) && !day.keys.has(mark.keyId));
        assert.ok(!day.grants.some(({ psd }) => psd === mark.psd));
      }
      assertMailedTogether(scans);
      const named = scans.map(({ mark }) => `${mark.license} ${mark.psd}`).toSorted();
      assert.deepEqual(
        partsIn(line)
          .map(({ license, psd }) => `${license} ${psd}`)
          .toSorted(),
        named,
      );
      assert.ok(partsIn(line).every(({ role }) => role === 'unknown'));
    }
  });
});

function assertMailedTogether(scans: readonly Scanned[]): void {
  assert.equal(
    distinct(scans, ({ plant, machine }) => `${plant} ${machine}`),
    1,
  );
  const [first, last] = [scans[0], scans.at(-1)];
  assert.ok(first !== undefined && last !== undefined && atMs(last) - atMs(first) < 3 * MINUTE_MS);
}

describe('the further frauds', () => {
  it('are proved by a kind of finding, but for the one that only a review can answer', () => {
    assert.deepEqual(
      FURTHER_FRAUDS.map((fraud) => PROVED_BY[fraud]),
      [
        'cloned-id',
        'cloned-id',
        'copy',
        'standing-register',
        'omitted-descending',
        'valid-but-revoked-key',
        'forged',
        'borrowed-name',
        'unknown-key',
      ],
    );
    assert.deepEqual([...PROVED_BY_REVIEW], ['backdated-scan']);
  });

  it('are weighed by scales that err by a gram or two, each reading for itself', async (test) => {
    const { scans } = await writtenDay(test, { frauds: ['recirculated'], pieces: 2_000 });
    const readings = [...Map.groupBy(scans, ({ mailpieceId }) => mailpieceId).values()];
    const spreads = readings
      .filter((its) => distinct(its, ({ scanId }) => scanId) > 1)
      .map(
        (its) => Math.max(...its.map((scan) => scan.weightGrams)) - Math.min(...its.map((scan) => scan.weightGrams)),
      );
    assert.ok(spreads.some((grams) => grams > 0) && spreads.every((grams) => grams <= 4));
  });
});
