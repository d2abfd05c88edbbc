import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Moment, momentInZone, momentOf } from '../../scans/moment.ts';

const AT_MS = Date.UTC(2026, 10, 20, 10, 3);

function said(moment: Moment): string {
  return 'ms' in moment ? new Date(moment.ms).toISOString() : moment.problem;
}

describe('the time of a scan', () => {
  for (const [written, expected] of [
    ['2026-11-20T10:03:00Z', AT_MS],
    ['2026-11-20t10:03:00z', AT_MS],
    ['2026-11-20 10:03:00Z', AT_MS],
    ['2026-11-20T10:03Z', AT_MS],
    ['2026-11-20T10:03:00-00:00', AT_MS],
    ['2026-11-20T11:03:00+0100', AT_MS],
    ['2026-11-20T11:03:00+01', AT_MS],
    ['20261120T100300Z', AT_MS],
    ['20261120T110300+0100', AT_MS],
    ['20261120T1003Z', AT_MS],
    ['2026-11-21T00:03:00+14:00', AT_MS],
    ['2026-11-20T10:03:00,123Z', AT_MS + 123],
    ['2026-11-20T10:03:00.123999999999999999999Z', AT_MS + 123],
    ['2026-11-20T11:03:00+01:00[Europe/Berlin]', AT_MS],
    ['2026-11-20T11:03:00[Europe/Berlin]', AT_MS],
    ['2026-10-25T02:30:00+01:00', Date.UTC(2026, 9, 25, 1, 30)],
    ['2026-10-25T02:30:00+02:00', Date.UTC(2026, 9, 25, 0, 30)],
    ['2026-11-20T24:00:00Z', Date.UTC(2026, 10, 21)],
    ['2026-12-31T24:00:00+01:00', Date.UTC(2026, 11, 31, 23)],
    ['20261120T2400Z', Date.UTC(2026, 10, 21)],
    ['2016-12-31T23:59:60Z', Date.UTC(2016, 11, 31, 23, 59, 59)],
    ['2024-02-29T10:00:00Z', Date.UTC(2024, 1, 29, 10)],
  ] as const) {
    it(`is taken from ${written}`, () => assert.deepEqual(momentOf(written), { ms: expected }));
  }

  for (const [written, problem] of [
    ['2026-11-20T10:03:00', 'no-zone'],
    ['20261120T100300', 'no-zone'],
    ['2026-11-20T24:00:00', 'no-zone'],
    ['2026-02-29T10:00:00Z', 'not-a-time'],
    ['2026-02-30T10:00:00', 'not-a-time'],
    ['2026-04-31T10:00:00Z', 'not-a-time'],
    ['2026-13-01T10:00:00Z', 'not-a-time'],
    ['2026-11-20T25:00:00Z', 'not-a-time'],
    ['2026-11-20T24:00:01Z', 'not-a-time'],
    ['2026-11-20T10:60:00Z', 'not-a-time'],
    ['2026-11-20T10:03:00+24:00', 'not-a-time'],
    ['2026-11-20', 'not-a-time'],
    ['Fri, 20 Nov 2026 10:03:00 GMT', 'not-a-time'],
    ['20/11/2026 10:03', 'not-a-time'],
    ['1795168980', 'not-a-time'],
    ['now', 'not-a-time'],
    ['', 'not-a-time'],
    [1_795_168_980_000, 'not-text'],
    [{}, 'not-text'],
    [`2026-11-20T10:03:00.${'0'.repeat(200)}Z`, 'not-a-time'],
    ['2026-10-25T02:30:00[Europe/Berlin]', 'no-zone'],
  ] as const) {
    it(`is not taken from ${String(written).slice(0, 40)}: ${problem}`, () => {
      assert.equal(said(momentOf(written)), problem);
    });
  }

  it('is the same in each form that names it', () => {
    const moment = fc.record({
      ms: fc.integer({ min: 0, max: 4_102_444_800_000 }),
      offsetMinutes: fc.integer({ min: -14 * 60, max: 14 * 60 }),
      isBasic: fc.boolean(),
      colon: fc.constantFrom(':', ''),
      point: fc.constantFrom('.', ','),
      t: fc.constantFrom('T', 't', ' '),
    });
    fc.assert(
      fc.property(moment, ({ ms, offsetMinutes, isBasic, colon, point, t }) => {
        const [date = '', time = ''] = new Date(ms + offsetMinutes * 60_000).toISOString().slice(0, -1).split('T');
        const two = (value: number) => String(value).padStart(2, '0');
        const [hours, minutes] = [Math.trunc(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
        const offset = `${offsetMinutes < 0 ? '-' : '+'}${two(hours)}${isBasic ? '' : colon}${two(minutes)}`;
        const plain = isBasic ? [date.replaceAll('-', ''), time.replaceAll(':', '')] : [date, time];
        const written = `${plain.join(t).replace('.', point)}${offset}`;
        assert.deepEqual(momentOf(written), { ms }, written);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is that of the zone of its plant, where a clock shows it once', () => {
    const inNewYork = (local: string) => momentInZone(local, 'America/New_York');
    assert.equal(inNewYork('2026-11-20T10:03:00'), Date.UTC(2026, 10, 20, 15, 3));
    assert.equal(inNewYork('2026-07-20T10:03:00'), Date.UTC(2026, 6, 20, 14, 3));
    assert.equal(inNewYork('2026-11-01T01:30:00'), null, 'the clock is put back, and shows it twice');
    assert.equal(inNewYork('2026-03-08T02:30:00'), null, 'the clock is put forward, and never shows it');
  });
});
