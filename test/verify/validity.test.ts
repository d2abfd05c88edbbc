import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type KeyRecord, parseIndicium, type ReadingOutcome } from '../../indicium/index.ts';
import { authenticate, KeyRing } from '../../verify/index.ts';
import { PRINTED_AHEAD_MS_MAX, PRINTED_BEHIND_MS_MAX } from '../../verify/limits.ts';
import { PRINTED_AT_MS, packed, SmallWorld } from '../support/marks.ts';

const world = new SmallWorld(1, 1);
const SECOND = 1_000;

function outcomeWith(
  key: Partial<KeyRecord>,
  {
    printedAtMs = PRINTED_AT_MS,
    scannedAtMs = PRINTED_AT_MS + 3_600_000,
    receivedAtMs = null,
  }: { printedAtMs?: number; scannedAtMs?: number | null; receivedAtMs?: number | null } = {},
  license: Partial<{ validFromMs: number; validToMs: number; revokedAtMs: number | null }> = {},
): ReadingOutcome {
  const registry = packed({
    ...world.records,
    keys: world.records.keys.map((record) => ({ ...record, ...key })),
    licenses: world.records.licenses.map((record) => ({ ...record, ...license })),
  });
  const parsed = parseIndicium(world.frank(0, 0, 730n, printedAtMs));
  assert.ok('indicium' in parsed);
  return authenticate(parsed.indicium, new KeyRing(registry), { scannedAtMs, receivedAtMs });
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

describe('a scan is judged by the worse of the time that it claims and the time of its receipt', () => {
  const DAY = 86_400_000;
  const HOUR = 3_600_000;
  const later = (days: number) => PRINTED_AT_MS + days * DAY;

  it('so that a mark of two years ago does not pass by saying nothing, or by saying when it was printed', () => {
    const receivedAtMs = later(730);
    assert.equal(outcomeWith({}, { scannedAtMs: null, receivedAtMs }), 'date-anomaly');
    assert.equal(outcomeWith({}, { scannedAtMs: PRINTED_AT_MS + HOUR, receivedAtMs }), 'date-anomaly');
    assert.equal(outcomeWith({}, { scannedAtMs: receivedAtMs, receivedAtMs }), 'date-anomaly');
  });

  it('so that a scan that claims to be before the compromise does not escape review', () => {
    const key = { compromisedFromMs: later(2) };
    const scannedAtMs = later(1);
    assert.equal(outcomeWith(key, { scannedAtMs }), 'valid');
    assert.equal(outcomeWith(key, { scannedAtMs, receivedAtMs: later(1) + HOUR }), 'valid');
    assert.equal(outcomeWith(key, { scannedAtMs, receivedAtMs: later(2) }), 'valid-but-revoked-key');
    assert.equal(
      outcomeWith({ revokedAtMs: later(2) }, { scannedAtMs, receivedAtMs: later(3) }),
      'valid-but-revoked-key',
    );
  });

  it('so that a mark of next year does not pass by claiming to be scanned then', () => {
    assert.equal(outcomeWith({}, { scannedAtMs: later(0), receivedAtMs: later(-365) }), 'date-anomaly');
  });

  it('and scans that come some days late are as good as others', () => {
    for (const days of [0, 1, 7, 29]) {
      assert.equal(outcomeWith({}, { scannedAtMs: PRINTED_AT_MS + HOUR, receivedAtMs: later(days) }), 'valid');
    }
  });

  it('whatever either says: the outcome with both is valid only where it is with each', () => {
    const moment = fc.option(fc.integer({ min: -800, max: 800 }).map(later), { nil: null });
    const key = fc.record({ compromisedFromMs: fc.constantFrom(later(-3), later(2), later(40), Infinity) });
    fc.assert(
      fc.property(key, moment, moment, (times, scannedAtMs, receivedAtMs) => {
        const both = outcomeWith(times, { scannedAtMs, receivedAtMs });
        const claimed = outcomeWith(times, { scannedAtMs });
        const received = receivedAtMs === null ? 'valid' : outcomeWith(times, { scannedAtMs: receivedAtMs });
        if (scannedAtMs === null) assert.ok(both === claimed || both === 'date-anomaly');
        else assert.equal(both === 'valid', claimed === 'valid' && received === 'valid');
      }),
    );
  });
});
