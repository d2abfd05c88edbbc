import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseIndicium, type ReadingOutcome } from '../../indicium/index.ts';
import { authenticate, type KeyRecord, KeyRing } from '../../verify/index.ts';
import { PRINTED_AHEAD_MS_MAX, PRINTED_BEHIND_MS_MAX } from '../../verify/limits.ts';
import { PRINTED_AT_MS, packed, SmallWorld } from '../support/marks.ts';

const world = new SmallWorld(1, 1);
const SECOND = 1_000;

function outcomeWith(
  key: Partial<KeyRecord>,
  {
    printedAtMs = PRINTED_AT_MS,
    scannedAtMs = PRINTED_AT_MS + 3_600_000,
  }: { printedAtMs?: number; scannedAtMs?: number | null } = {},
  license: Partial<{ validFromMs: number; validToMs: number; revokedAtMs: number | null }> = {},
): ReadingOutcome {
  const registry = packed({
    ...world.records,
    keys: world.records.keys.map((record) => ({ ...record, ...key })),
    licenses: world.records.licenses.map((record) => ({ ...record, ...license })),
  });
  const parsed = parseIndicium(world.frank(0, 0, 730n, printedAtMs));
  assert.ok('indicium' in parsed);
  return authenticate(parsed.indicium, new KeyRing(registry), scannedAtMs);
}

describe('a key is judged at the date of the mark', () => {
  it('from the first second of its certificate', () => {
    assert.equal(outcomeWith({ validFromMs: PRINTED_AT_MS }), 'valid');
    assert.equal(outcomeWith({ validFromMs: PRINTED_AT_MS + SECOND }), 'key-not-yet-valid');
  });

  it('to the last', () => {
    assert.equal(outcomeWith({ validToMs: PRINTED_AT_MS + SECOND }), 'valid');
    assert.equal(outcomeWith({ validToMs: PRINTED_AT_MS }), 'expired-key');
  });

  it('also when it has expired by the time of the scan', () => {
    assert.equal(
      outcomeWith({ validToMs: PRINTED_AT_MS + SECOND }, { scannedAtMs: PRINTED_AT_MS + 86_400_000 }),
      'valid',
    );
  });
});

describe('a revoked or compromised key is judged by both dates', () => {
  const cases: [string, number, number, ReadingOutcome][] = [
    ['printed and scanned before', -2, -1, 'valid'],
    ['printed before, scanned when it happened', -2, 0, 'valid-but-revoked-key'],
    ['printed before, scanned after', -2, 1, 'valid-but-revoked-key'],
    ['printed when it happened', 0, 1, 'revoked-key'],
    ['printed after', 1, 2, 'revoked-key'],
    ['printed after, scanned before, which cannot be', 1, -1, 'revoked-key'],
  ];
  const EVENT_MS = PRINTED_AT_MS;
  for (const [name, printed, scanned, expected] of cases) {
    const moment = { printedAtMs: EVENT_MS + printed * SECOND, scannedAtMs: EVENT_MS + scanned * SECOND };
    it(`revoked: ${name}`, () => assert.equal(outcomeWith({ revokedAtMs: EVENT_MS }, moment), expected));
    it(`compromised: ${name}`, () => {
      const compromised = expected === 'revoked-key' ? 'compromised-key' : expected;
      assert.equal(outcomeWith({ compromisedFromMs: EVENT_MS }, moment), compromised);
    });
  }

  it('and by all that is known where the plant did not say when it scanned', () => {
    const later = { revokedAtMs: PRINTED_AT_MS + 1_000 * SECOND };
    assert.equal(outcomeWith(later, { scannedAtMs: null }), 'valid-but-revoked-key');
  });

  it('in any order of issue, revocation, franking and scan, as a plain model says', () => {
    const time = fc.integer({ min: 0, max: 6 }).map((step) => PRINTED_AT_MS + step * SECOND);
    fc.assert(
      fc.property(time, time, time, time, (validFromMs, revokedAtMs, printedAtMs, scannedAtMs) => {
        const model = () => {
          if (printedAtMs < validFromMs) return 'key-not-yet-valid';
          if (printedAtMs >= revokedAtMs) return 'revoked-key';
          return scannedAtMs >= revokedAtMs ? 'valid-but-revoked-key' : 'valid';
        };
        assert.equal(outcomeWith({ validFromMs, revokedAtMs }, { printedAtMs, scannedAtMs }), model());
      }),
    );
  });
});

describe('a license is judged at the date of the mark', () => {
  it('within its validity and before its revocation', () => {
    assert.equal(outcomeWith({}, {}, { validFromMs: PRINTED_AT_MS, validToMs: PRINTED_AT_MS + SECOND }), 'valid');
    assert.equal(outcomeWith({}, {}, { validFromMs: PRINTED_AT_MS + SECOND }), 'expired-license');
    assert.equal(outcomeWith({}, {}, { validToMs: PRINTED_AT_MS }), 'expired-license');
    assert.equal(outcomeWith({}, {}, { revokedAtMs: PRINTED_AT_MS + SECOND }), 'valid');
    assert.equal(outcomeWith({}, {}, { revokedAtMs: PRINTED_AT_MS }), 'revoked-license');
  });
});

describe('the date of a mark', () => {
  it('may be somewhat off the scan, not far', () => {
    const scannedAtMs = PRINTED_AT_MS;
    const at = (printedAtMs: number) => outcomeWith({}, { printedAtMs, scannedAtMs });
    assert.equal(at(scannedAtMs + PRINTED_AHEAD_MS_MAX), 'valid');
    assert.equal(at(scannedAtMs + PRINTED_AHEAD_MS_MAX + SECOND), 'date-anomaly');
    assert.equal(at(scannedAtMs - PRINTED_BEHIND_MS_MAX), 'valid');
    assert.equal(at(scannedAtMs - PRINTED_BEHIND_MS_MAX - SECOND), 'date-anomaly');
  });

  it('is answered for any date that a mark can hold, and any scan', () => {
    const date = fc.integer({ min: 946_684_800, max: 4_102_444_799 }).map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(date, fc.option(fc.integer({ min: 0, max: 8.64e15 })), (printedAtMs, scannedAtMs) => {
        const outcome = outcomeWith({}, { printedAtMs, scannedAtMs });
        const distance = scannedAtMs === null ? 0 : printedAtMs - scannedAtMs;
        const isNear = distance <= PRINTED_AHEAD_MS_MAX && distance >= -PRINTED_BEHIND_MS_MAX;
        assert.equal(outcome, isNear ? 'valid' : 'date-anomaly');
      }),
    );
  });
});
