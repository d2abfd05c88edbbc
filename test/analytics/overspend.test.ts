import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Indicium } from '../../indicium/index.ts';
import {
  booksOf,
  LICENSE,
  MORNING_MS,
  markOf,
  OTHER_LICENSE,
  PAID_MILLS,
  PSD,
  PSDS,
  Registers,
  seen,
} from '../support/books.ts';
import { findingsOf, scanIdsOf, scansNamed } from '../support/findings.ts';

const seenAll = (marks: readonly Indicium[]) => marks.map((mark) => seen(mark));
const [FIRST = '', SECOND = '', THIRD = ''] = PSDS;

describe('the overspend detector', () => {
  it('names every mark whose control total is beyond what was paid, from the first mill', async (test) => {
    const registers = new Registers();
    const honest = seenAll([registers.print(0), registers.print(10)]);
    registers.descendingMills = (registers.descendingMills ?? 0) + 1;
    const credited = seenAll([registers.print(20), registers.print(30)]);
    const findings = await findingsOf(test, [...honest, ...credited], booksOf());
    assert.deepEqual(scansNamed(findings, 'overspend'), scanIdsOf(credited));
    assert.equal(findings.length, 1);
  });

  it('names prepaid marks of a set for which nothing was ever paid', async (test) => {
    const marks = seenAll([new Registers(FIRST).print(0), new Registers(SECOND).print(0)]);
    const { funds } = booksOf();
    const withoutFirst = booksOf({ funds: funds.filter(({ psd }) => psd !== FIRST) });
    assert.deepEqual(
      scansNamed(await findingsOf(test, marks, withoutFirst), 'overspend'),
      scanIdsOf(marks.slice(0, 1)),
    );
    assert.deepEqual(scansNamed(await findingsOf(test, marks, booksOf({ funds: [] })), 'overspend'), scanIdsOf(marks));
  });

  it('does not let a license answer for what a PSD spends that it was never granted to', async (test) => {
    const marks = seenAll([new Registers(FIRST).print(0), new Registers(SECOND).print(0)]);
    const { funds, grants } = booksOf();
    const ofFirst = ({ psd }: { psd: string }) => psd === FIRST;
    const books = booksOf({ funds: funds.filter(ofFirst), grants: grants.filter(ofFirst) });
    assert.deepEqual(scansNamed(await findingsOf(test, marks, books), 'overspend'), []);
    const granted = booksOf({ funds: funds.filter(ofFirst) });
    assert.deepEqual(scansNamed(await findingsOf(test, marks, granted), 'overspend'), scanIdsOf(marks.slice(1)));
  });

  it('adds up all refills of a set, and only of that set', async (test) => {
    const { funds } = booksOf();
    const refill = { license: LICENSE, refill: 50, amountMills: 5_000, paidAtMs: MORNING_MS };
    const mark = seen(new Registers(FIRST, LICENSE, PAID_MILLS + 5_000).print(0));
    const paid = booksOf({ funds: [...funds, { ...refill, psd: FIRST }] });
    assert.deepEqual(await findingsOf(test, [mark], paid), []);
    const paidElsewhere = booksOf({ funds: [...funds, { ...refill, psd: SECOND }] });
    assert.deepEqual(scansNamed(await findingsOf(test, [mark], paidElsewhere), 'overspend'), scanIdsOf([mark]));
    const otherLicense = booksOf({ funds: [...funds, { ...refill, psd: FIRST, license: OTHER_LICENSE }] });
    assert.deepEqual(scansNamed(await findingsOf(test, [mark], otherLicense), 'overspend'), scanIdsOf([mark]));
  });

  it('says nothing while all that was paid is spent to the last mill, on every PSD of a license', async (test) => {
    const marks = PSDS.flatMap((psd) => {
      const registers = new Registers(psd);
      return [registers.print(0, 730), registers.print(10, PAID_MILLS - 730)];
    });
    const elsewhere = { license: OTHER_LICENSE, psd: PSD, epoch: 0, pieceCount: 0n, ascendingMills: 0 };
    const withdrawals = [{ ...elsewhere, returnedMills: PAID_MILLS, withdrawnAtMs: 0 }];
    assert.deepEqual(await findingsOf(test, seenAll(marks), booksOf({ withdrawals })), []);
  });

  it('does not let the other PSDs of a license answer for one that credited itself', async (test) => {
    const credited = new Registers(FIRST, LICENSE, PAID_MILLS + 50_000);
    const marks = seenAll([credited.print(0), credited.print(10, PAID_MILLS + 49_270)]);
    const honest = seenAll([SECOND, THIRD].map((psd) => new Registers(psd).print(0, PAID_MILLS)));
    assert.deepEqual(
      scansNamed(await findingsOf(test, [...marks, ...honest], booksOf()), 'overspend'),
      scanIdsOf(marks),
    );
  });

  it('leaves postpaid licenses alone, and does not add them to the prepaid ones', async (test) => {
    const { funds } = booksOf();
    const postpaid = new Registers(FIRST, OTHER_LICENSE, null);
    const marks = [postpaid.print(0, 900_000), new Registers(SECOND).print(0, PAID_MILLS)];
    const registry = booksOf({ funds: funds.filter(({ license }) => license !== OTHER_LICENSE) });
    assert.deepEqual(await findingsOf(test, seenAll(marks), registry), []);
  });

  it('counts the ascending register of a prepaid set that leaves its descending one out', async (test) => {
    const hidden = new Registers(FIRST, LICENSE, null);
    const within = seenAll([hidden.print(0, PAID_MILLS)]);
    const beyond = seenAll([hidden.print(10, 1)]);
    const findings = await findingsOf(test, [...within, ...beyond], booksOf());
    assert.deepEqual(scansNamed(findings, 'overspend'), scanIdsOf(beyond));
  });

  it('adds it to what the other PSDs of the license spent', async (test) => {
    const hidden = seenAll([new Registers(FIRST, LICENSE, null).print(0, 50_000)]);
    const shown = seenAll([new Registers(SECOND).print(0, 60_000)]);
    const paidOnce = booksOf().funds.map((line) => ({ ...line, amountMills: line.psd === THIRD ? 9_999 : 50_000 }));
    const registry = booksOf({
      funds: paidOnce.map((line) => (line.psd === SECOND ? { ...line, amountMills: 100_000 } : line)),
    });
    assert.deepEqual(scansNamed(await findingsOf(test, [...hidden, ...shown], registry), 'overspend'), []);
    const withdrawal = { license: LICENSE, psd: THIRD, epoch: 0, pieceCount: 0n, ascendingMills: 0, withdrawnAtMs: 0 };
    const withdrawals = [{ ...withdrawal, returnedMills: 50_000 }];
    const findings = await findingsOf(test, [...hidden, ...shown], { ...registry, withdrawals });
    assert.deepEqual(scansNamed(findings, 'overspend'), scanIdsOf([...hidden, ...shown]));
  });

  it('looks at genuine marks only', async (test) => {
    const forged = seen(markOf({ descendingMills: 2 ** 47 }), {}, 'forged');
    const findings = await findingsOf(test, [forged, seen(new Registers().print(0))], booksOf());
    assert.deepEqual(scansNamed(findings, 'overspend'), []);
  });

  it('holds the greatest registers of a license against what was paid less what was paid back', async (test) => {
    // The first set was emptied before noon; its balance was paid back, and an old state of it spends that once more.
    const withdrawal = { license: LICENSE, psd: FIRST, epoch: 0, pieceCount: 1n, ascendingMills: 730 };
    const withdrawals = [{ ...withdrawal, returnedMills: PAID_MILLS - 730, withdrawnAtMs: MORNING_MS + 6e5 }];
    const [first, second, third] = [new Registers(FIRST), new Registers(SECOND), new Registers(THIRD)];
    const lower = seenAll([first.print(0), second.print(0)]);
    const greatest = seenAll([first.print(30, 5_000), second.print(30, PAID_MILLS - 730)]);
    const elsewhere = seen(new Registers(FIRST, OTHER_LICENSE).print(0));
    const others = [third.print(0, PAID_MILLS - 5_000), third.print(10, 5_000)];
    const top = seenAll(others.slice(1));
    const evidence = [...lower, ...greatest, elsewhere, ...seenAll(others.slice(0, 1)), ...top];
    const findings = await findingsOf(test, evidence, booksOf({ withdrawals }));
    assert.deepEqual(scansNamed(findings, 'overspend'), scanIdsOf([...greatest, ...top]));
    assert.equal(findings.filter(({ kind }) => kind === 'overspend').length, 3);
  });

  it('says nothing of a withdrawn set that stays within its final registers', async (test) => {
    const withdrawal = { license: LICENSE, psd: PSD, epoch: 0, pieceCount: 1n, ascendingMills: 730 };
    const withdrawals = [{ ...withdrawal, returnedMills: PAID_MILLS - 730, withdrawnAtMs: MORNING_MS + 6e5 }];
    const { funds } = booksOf();
    const only = funds.filter(({ license, psd }) => license !== LICENSE || psd === FIRST);
    const marks = [new Registers().print(0)];
    assert.deepEqual(await findingsOf(test, seenAll(marks), booksOf({ withdrawals, funds: only })), []);
  });
});
