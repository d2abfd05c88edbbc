import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Indicium } from '../../indicium/index.ts';
import { booksOf, LICENSE, MORNING_MS, markOf, OTHER_LICENSE, PSD, PSDS, Registers, seen } from '../support/books.ts';
import { findingsOf, scanIdsOf, scansNamed } from '../support/findings.ts';

const seenAll = (marks: readonly Indicium[]) => marks.map((mark) => seen(mark));
const KIND = 'omitted-descending';
const MINUTE_MS = 60_000;

/** Three pieces, one each ten minutes, without a descending register. */
function hidden(psd = PSD, license = LICENSE): Indicium[] {
  const registers = new Registers(psd, license, null);
  return [0, 10, 20].map((minutes) => registers.print(minutes));
}

/** So many mills paid for the set of the first PSD, so many minutes after the morning. */
function paidAt(...payments: (readonly [minutes: number, amountMills: number])[]) {
  const funds = payments.map(([minutes, amountMills], index) => ({
    license: LICENSE,
    psd: PSD,
    refill: index + 1,
    amountMills,
    paidAtMs: MORNING_MS + minutes * MINUTE_MS,
  }));
  return booksOf({ funds });
}

describe('the omitted-descending detector', () => {
  it('names marks of a license whose PSD was paid for before it was granted', async (test) => {
    const marks = seenAll(hidden());
    const findings = await findingsOf(test, marks, booksOf());
    assert.deepEqual(scansNamed(findings, KIND), scanIdsOf(marks));
    assert.deepEqual([findings[0]?.severity, findings.length], ['high', 1]);
    assert.match(findings[0]?.detail ?? '', /3 scanned pieces under license 1000, .* up to 2190 mills/);
  });

  it('names marks printed on money that was paid after the grant and before they were', async (test) => {
    const marks = seenAll(hidden());
    assert.deepEqual(scansNamed(await findingsOf(test, marks, paidAt([15, 50_000])), KIND), scanIdsOf(marks));
  });

  it('names them on every PSD of the license, paid for or not, and of no other license', async (test) => {
    const marks = seenAll([...hidden(PSD), ...hidden(PSDS[1])]);
    const others = seenAll(hidden(PSDS[2], OTHER_LICENSE));
    const findings = await findingsOf(test, [...marks, ...others], paidAt([5, 50_000]));
    assert.deepEqual(scansNamed(findings, KIND), scanIdsOf(marks));
  });

  it('names them where another mark of the license shows its descending register', async (test) => {
    const shown = seen(new Registers(PSDS[1]).print(0));
    const marks = seenAll(hidden());
    const { funds } = booksOf();
    const onlySecond = booksOf({ funds: funds.filter(({ psd }) => psd === PSDS[1]) });
    assert.deepEqual(scansNamed(await findingsOf(test, [shown, ...marks], onlySecond), KIND), scanIdsOf(marks));
  });

  it('names of one set the marks alone that leave it out', async (test) => {
    const registers = new Registers();
    const shown = [registers.print(0), registers.print(10)];
    const omitted = [20, 30].map((minutes) => ({ ...registers.print(minutes), descendingMills: null }));
    const findings = await findingsOf(test, seenAll([...shown, ...omitted]), booksOf());
    assert.equal(scansNamed(findings, KIND).length, 2);
    assert.deepEqual(
      findings.map(({ kind }) => kind),
      [KIND],
    );
  });

  it('leaves postpaid licenses alone: unbilled, billed once, and billed again and again to the mill', async (test) => {
    for (const bills of [
      [],
      [[25, 2_190]],
      [
        [5, 730],
        [15, 730],
        [25, 730],
      ],
      [
        [10, 730],
        [20, 730],
      ],
    ] as const) {
      assert.deepEqual(await findingsOf(test, seenAll(hidden()), paidAt(...bills)), [], JSON.stringify(bills));
    }
  });

  it('takes a mark of the very time of a bill for one that was billed', async (test) => {
    const registers = new Registers(PSD, LICENSE, null);
    const marks = [0, 0, 0].map((minutes) => registers.print(minutes));
    assert.deepEqual(await findingsOf(test, seenAll(marks), paidAt([0, 2_190])), []);
  });

  it('looks at genuine marks only', async (test) => {
    const forged = seen(markOf({ descendingMills: null }), {}, 'forged');
    assert.deepEqual(scansNamed(await findingsOf(test, [forged], booksOf()), KIND), []);
  });
});
