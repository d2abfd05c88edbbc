import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { needsAttention } from '../../analytics/index.ts';
import type { Indicium } from '../../indicium/index.ts';
import { booksOf, MORNING_MS, markOf, PAID_MILLS, Registers, seen } from '../support/books.ts';
import type { Evidence } from '../support/evidence.ts';
import { findingsOf, scanIdsOf, scansNamed } from '../support/findings.ts';
import { figures, paid, reconciled } from '../support/reconciled.ts';

const seenAll = (marks: readonly Indicium[]) => marks.map((mark) => seen(mark));
const KIND = 'standing-register';

async function assertNamed(
  test: TestContext,
  guilty: readonly Evidence[],
  innocent: readonly Evidence[],
  batch = 1_000,
) {
  const findings = await findingsOf(test, [...innocent, ...guilty], booksOf(), batch);
  assert.deepEqual(scansNamed(findings, KIND), scanIdsOf(guilty));
  return findings;
}

/** Every second count is used; the registers go on from what they were, or stand. */
function everySecond(registers: Registers, pieces: number, fromMinutes: number, isDebited: boolean): Indicium[] {
  return Array.from({ length: pieces }, (_, index) => {
    registers.pieceCount += 1n;
    const { ascendingMills, descendingMills } = registers;
    const mark = registers.print(fromMinutes + index);
    if (isDebited) return mark;
    Object.assign(registers, { ascendingMills, descendingMills });
    return { ...mark, ascendingMills, descendingMills };
  });
}

describe('the standing-register detector', () => {
  it('finds 400 letters on every second count while the ascending register stands at 730 mills', async (test) => {
    const registers = new Registers();
    const first = registers.print(0);
    const letters = everySecond(registers, 399, 1, false);
    assert.ok(letters.every(({ ascendingMills }) => ascendingMills === 730));
    const findings = await assertNamed(test, seenAll(letters), [seen(first)]);
    assert.deepEqual(
      findings.map(({ kind, severity, detail }) => [kind, severity, detail]),
      [
        [
          KIND,
          'critical',
          'PSD 06-2S-0: the ascending register of license 1000 stood still or rose too little over 399 scanned pieces; 291270 mills of postage are not in it.',
        ],
      ],
    );
  });

  it('names the marks over which it stood, and none before or after', async (test) => {
    const registers = new Registers();
    const before = everySecond(registers, 5, 0, true);
    const standing = everySecond(registers, 4, 20, false);
    const after = everySecond(registers, 5, 40, true);
    await assertNamed(test, seenAll(standing), seenAll([...before, ...after]));
  });

  it('wants the postage of the later mark to the mill', async (test) => {
    for (const lackingMills of [0, 1]) {
      const registers = new Registers();
      const before = everySecond(registers, 3, 0, true);
      registers.pieceCount += 1n;
      const last = registers.print(10, 730, { ascendingMills: registers.ascendingMills + 730 - lackingMills });
      await assertNamed(
        test,
        lackingMills === 0 ? [] : [seen(last)],
        seenAll(lackingMills === 0 ? [...before, last] : before),
      );
    }
  });

  it('holds across epochs, and across pages of counters that came in in any order', async (test) => {
    const registers = new Registers();
    registers.pieceCount = 55n;
    registers.ascendingMills = 40_000;
    const before = everySecond(registers, 3, 0, true);
    registers.epoch += 2;
    const standing = everySecond(registers, 9, 10, false);
    const [innocent, guilty] = [seenAll(before), seenAll(standing)];
    for (const batch of [1, 4, 1_000]) await assertNamed(test, guilty.toReversed(), innocent.toReversed(), batch);
  });

  it('takes re-scans and copies of a piece count for one mark', async (test) => {
    const registers = new Registers();
    const before = everySecond(registers, 3, 0, true);
    const again = before.map((mark, index) => seen(mark, { mailpieceId: `again-${index}`, pass: 'destination' }));
    const scans = before.map((mark, index) => seen(mark, { mailpieceId: `again-${index}` }));
    await assertNamed(test, [], [...scans, ...again]);
    const standing = everySecond(registers, 2, 10, false);
    const twice = standing.flatMap((mark, index) => [
      seen(mark, { mailpieceId: `S${index}` }),
      seen(mark, { mailpieceId: `S${index}`, pass: 'destination' }),
    ]);
    const findings = await assertNamed(test, twice, [...scans, ...again]);
    assert.match(findings[0]?.detail ?? '', /over 4 scanned pieces; 1460 mills/);
  });

  it('compares marks of one date, in which a lower register is not a rollback', async (test) => {
    const registers = new Registers();
    const before = [registers.print(0), registers.print(0)];
    registers.pieceCount += 1n;
    const lower = registers.print(0, 730, { ascendingMills: 1_000 });
    await assertNamed(test, [seen(lower)], seenAll(before));
  });

  it('where a single step is short and the set goes on, names the mark that shows more than the rest', async (test) => {
    const registers = new Registers();
    const before = everySecond(registers, 3, 0, true);
    const clone = registers.copied();
    clone.pieceCount += 1n;
    const cloned = clone.print(10, 1_500);
    registers.pieceCount += 2n;
    registers.ascendingMills += 730;
    const after = everySecond(registers, 3, 20, true);
    assert.equal((after[0]?.ascendingMills ?? 0) - cloned.ascendingMills, -40);
    // A lower register at a later date is a rollback; at the same one it is not.
    const sameDate = after.map((mark) => ({ ...mark, printedAtMs: cloned.printedAtMs }));
    await assertNamed(test, [seen(cloned)], seenAll([...before, ...sameDate]));
    const raised = after.map((mark) => ({ ...mark, ascendingMills: mark.ascendingMills + 100 }));
    await assertNamed(test, [seen(cloned)], seenAll([...before, ...raised]));
  });

  it('leaves forks, wrong dates and registers that ran backwards to their own detectors', async (test) => {
    const registers = new Registers();
    const before = everySecond(registers, 3, 0, true);
    const saved = registers.copied();
    const overrun = everySecond(registers, 3, 20, true);
    const again = everySecond(saved, 2, 40, true);
    const findings = await assertNamed(test, [], seenAll([...before, ...overrun, ...again]));
    assert.ok(scansNamed(findings, 'rollback').length > 0);
  });

  it('looks at genuine marks only', async (test) => {
    const registers = new Registers();
    const forged = seen(markOf({ pieceCount: 50n }), {}, 'forged');
    await assertNamed(test, [], [...seenAll(everySecond(registers, 3, 0, true)), forged]);
  });

  it('says nothing of refills, whatever they make of the descending register', async (test) => {
    const registers = new Registers();
    registers.descendingMills = 2_000;
    const before = everySecond(registers, 2, 0, true);
    registers.descendingMills += 50_000;
    assert.deepEqual(
      await findingsOf(test, seenAll([...before, ...everySecond(registers, 2, 10, true)]), booksOf()),
      [],
    );
  });

  it('leaves a descending register that does not fall to the control total: beyond what was paid it is overspend', async (test) => {
    const registers = new Registers();
    const marks = Array.from({ length: 4 }, (_, index) => registers.print(index));
    const standing = marks.map((mark) => ({ ...mark, descendingMills: PAID_MILLS - 1_460 }));
    const findings = await findingsOf(test, seenAll(standing), booksOf());
    assert.deepEqual(
      findings.map(({ kind, scanIds }) => [kind, scanIds.length]),
      [['overspend', 2]],
    );
  });

  it('speaks where and only where two marks show less rise than the postage seen between them', async (test) => {
    const step = fc.record(
      { gap: fc.integer({ min: 1, max: 40 }), rise: fc.constantFrom(730, 730, 730, 900, 729, 0), isSeen: fc.boolean() },
      { noNullPrototype: true },
    );
    const history = fc.array(step, { minLength: 2, maxLength: 12 }).map((steps) => {
      let [pieceCount, ascendingMills] = [1n, 10_000];
      const marks = steps.map(({ gap, rise }, index) => {
        // Neighboring counts are a matter of rollbacks too.
        pieceCount += BigInt(gap) + 1n;
        ascendingMills += rise;
        return markOf({ pieceCount, ascendingMills, descendingMills: null, printedAtMs: MORNING_MS + index * 60_000 });
      });
      return marks.filter((_, index) => steps[index]?.isSeen);
    });
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 12 }), fc.boolean(), async (marks, batch, isReversed) => {
        const isShort = marks.some((earlier, index) =>
          marks.slice(index + 1).some((later, further) => {
            const between = marks.slice(index + 1, index + further + 2);
            const postage = between.reduce((sum, { postageMills }) => sum + postageMills, 0);
            return later.ascendingMills - earlier.ascendingMills < postage;
          }),
        );
        const evidence = isReversed ? seenAll(marks).toReversed() : seenAll(marks);
        const findings = await findingsOf(test, evidence, booksOf({ funds: [] }), batch);
        assert.equal(scansNamed(findings, KIND).length > 0, isShort);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

describe('the book of a set whose ascending register stands still', () => {
  it('shows the postage that was never counted as a difference, and lists the marks', async (test) => {
    const registers = new Registers();
    const first = registers.print(0);
    const letters = everySecond(registers, 399, 1, false);
    const { sets, listed } = await reconciled(test, seenAll([first, ...letters]), paid({ amountMills: PAID_MILLS }));
    const [book] = sets;
    assert.equal(figures(book).differenceMills, 291_270);
    assert.ok(book !== undefined && needsAttention(book));
    assert.equal((await listed('difference')).length, 399);
  });

  it('needs somebody even where as much was paid and not fetched yet', async (test) => {
    const registers = new Registers();
    const marks = [registers.print(0), ...everySecond(registers, 2, 1, false)];
    const { sets } = await reconciled(test, seenAll(marks), paid({ amountMills: 2 * PAID_MILLS }));
    assert.equal(figures(sets[0]).differenceMills, 1_460);
  });
});
