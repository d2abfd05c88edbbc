import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Indicium, RegistryRecords } from '../../indicium/index.ts';
import { booksOf, LICENSE, MORNING_MS, markOf, OTHER_LICENSE, PSD, PSDS, Registers, seen } from '../support/books.ts';
import type { Evidence } from '../support/evidence.ts';
import { findingsOf, scanIdsOf, scansNamed } from '../support/findings.ts';

const seenAll = (marks: readonly Indicium[]) => marks.map((mark) => seen(mark));

async function assertNamed(
  test: TestContext,
  guilty: readonly Evidence[],
  innocent: readonly Evidence[],
  registry: RegistryRecords = booksOf(),
) {
  const findings = await findingsOf(test, [...innocent, ...guilty], registry);
  assert.deepEqual(scansNamed(findings, 'rollback'), scanIdsOf(guilty));
}

/** Five pieces, one each ten minutes. */
function five(registers: Registers, fromMinutes: number, postageMills = 730): Indicium[] {
  return [0, 1, 2, 3, 4].map((index) => registers.print(fromMinutes + index * 10, postageMills));
}

describe('the rollback detector', () => {
  it('names the marks printed from an old state and those that they run back over', async (test) => {
    const registers = new Registers();
    const before = five(registers, 0);
    const saved = registers.copied();
    const overrun = five(registers, 100);
    const printedAgain = [200, 210, 220].map((minutes) => saved.print(minutes));
    // The old state was put back after five more pieces and has reached the third of them.
    await assertNamed(test, seenAll([...overrun, ...printedAgain]), seenAll(before));
  });

  it('names a mark with the same piece count at a later date, and no further one', async (test) => {
    const registers = new Registers();
    const before = five(registers, 0);
    const saved = registers.copied();
    const last = registers.print(100);
    await assertNamed(test, seenAll([last, saved.print(200)]), seenAll(before));
  });

  it('names a lower epoch at a later date, whatever the piece counts', async (test) => {
    const registers = new Registers();
    registers.epoch = 3;
    const first = five(registers, 0);
    const moved = registers.print(100, 730, { epoch: 4 });
    const back = registers.print(200, 730, { epoch: 3 });
    await assertNamed(test, seenAll([moved, back]), seenAll(first));
  });

  it('names a lower ascending register at a later date, behind a gap in the piece count', async (test) => {
    const registers = new Registers();
    const first = five(registers, 0);
    registers.pieceCount += 10n;
    registers.ascendingMills -= 100;
    const lower = registers.print(100, 10);
    assert.deepEqual(
      [...first.slice(3), lower].map(({ ascendingMills }) => ascendingMills),
      [2_920, 3_650, 3_560],
    );
    // The lower register contradicts one mark as that one contradicts it, and nothing goes on from it.
    await assertNamed(test, seenAll([...first.slice(4), lower]), seenAll(first.slice(0, 4)));
    // It contradicts two marks, and each of them only it.
    const dearer = first.map((mark) => ({ ...mark, ascendingMills: mark.ascendingMills + 700 }));
    const odd = dearer.filter(({ pieceCount }) => pieceCount % 2n === 0n || pieceCount === 5n);
    const sunk = { ...lower, ascendingMills: 3_500 };
    await assertNamed(test, seenAll([sunk]), seenAll(odd));
    // The set goes on after it: beside a clone that is the owner's mail.
    const next = registers.print(110);
    await assertNamed(test, seenAll(first.slice(4)), seenAll([...first.slice(0, 4), lower, next]));
  });

  it('does not name the mark after a clone of which the twins were not seen', async (test) => {
    const registers = new Registers();
    const before = five(registers, 0);
    const clone = registers.copied();
    const cloned = [50, 60].map((minutes) => clone.print(minutes, 5_000)).slice(1);
    const unseen = [70, 80].map((minutes) => registers.print(minutes));
    assert.equal(unseen.length, 2);
    const after = five(registers, 200, 3_000);
    const lower = after.filter(({ ascendingMills }) => ascendingMills < (cloned[0]?.ascendingMills ?? 0));
    assert.equal(lower.length, 2);
    await assertNamed(test, seenAll(cloned), seenAll([...before, ...after]));
  });

  it('names two consecutive marks whose ascending registers do not differ by the postage', async (test) => {
    for (const extraMills of [1, -1]) {
      const registers = new Registers();
      const first = five(registers, 0);
      const right = registers.print(100);
      const wrong = registers.print(110, 730, { ascendingMills: registers.ascendingMills + 730 + extraMills });
      await assertNamed(test, seenAll([right, wrong]), seenAll(first));
      // Where the set goes on, the later one may be the owner's after a clone's last.
      registers.ascendingMills += extraMills;
      const rest = five(registers, 200);
      await assertNamed(test, seenAll([right]), seenAll([...first, wrong, ...rest]));
    }
  });

  it('names a single mark that fits neither the one before it nor the one after it', async (test) => {
    const registers = new Registers();
    const marks = [...five(registers, 0), ...five(registers, 100)];
    const odd = marks.map((mark, index) => (index === 4 ? { ...mark, ascendingMills: mark.ascendingMills + 5 } : mark));
    await assertNamed(
      test,
      seenAll(odd.slice(4, 5)),
      seenAll([...odd.slice(0, 4), ...odd.slice(5)]),
      booksOf({ funds: [] }),
    );
  });

  it('compares consecutive marks of one tick too', async (test) => {
    const registers = new Registers();
    const right = registers.print(0);
    registers.ascendingMills += 5;
    await assertNamed(test, seenAll([right, registers.print(0)]), []);
  });

  it('names every scan of such a mark', async (test) => {
    const registers = new Registers();
    const saved = registers.copied();
    const marks = [registers.print(0), saved.print(10)];
    const scans = marks.flatMap((mark, index) => {
      const mailpieceId = `twice-${index}`;
      return [seen(mark, { mailpieceId }), seen(mark, { mailpieceId, pass: 'destination', plant: '75034' })];
    });
    await assertNamed(test, scans, []);
  });

  it('beside a clone names only marks that contradict each other', async (test) => {
    const registers = new Registers();
    const before = five(registers, 0);
    const clone = registers.copied();
    // The clone prints dearer postage, so that its ascending register is beyond that of the owner's later marks.
    const cloned = [100, 110].map((minutes) => clone.print(minutes, 5_000));
    const twins = [120, 130].map((minutes) => registers.print(minutes));
    const after = five(registers, 200);
    const innocent = seenAll([...before, ...after]);
    await assertNamed(test, seenAll([...cloned, ...twins]), innocent);
    // No camera saw the twin of the clone's last mark.
    await assertNamed(test, seenAll([...cloned, ...twins.slice(0, 1)]), innocent);
  });

  it('leaves a fork within one tick to the detector of forks', async (test) => {
    const registers = new Registers();
    const before = five(registers, 0);
    const clone = registers.copied();
    const twins = [registers.print(100), clone.print(100, 5_000)];
    const evidence = seenAll([...before, ...twins, ...five(registers, 200)]);
    for (const arrived of [evidence, evidence.toReversed()]) {
      const findings = await findingsOf(test, arrived, booksOf());
      assert.deepEqual(new Set(findings.map(({ kind }) => kind)), new Set(['fork']));
    }
  });

  it('looks at genuine marks only', async (test) => {
    const registers = new Registers();
    const forged = seen(markOf({ printedAtMs: MORNING_MS + 9e6 }), {}, 'forged');
    await assertNamed(test, [], [...seenAll(five(registers, 0)), forged]);
  });

  it('is exact for piece counts beyond 2^53 and at the end of 64 bits', async (test) => {
    const registers = new Registers();
    registers.pieceCount = 2n ** 64n - 4n;
    const first = registers.print(0);
    const saved = registers.copied();
    const [second, third] = [registers.print(10), registers.print(20)];
    assert.equal(third.pieceCount, 2n ** 64n - 1n);
    await assertNamed(test, [], seenAll([first, second, third]));
    await assertNamed(test, seenAll([third, saved.print(30, 730, { pieceCount: third.pieceCount })]), [
      seen(first),
      seen(second),
    ]);
  });
});

describe('a register set that was withdrawn', () => {
  const withdrawal = { license: LICENSE, psd: PSD, epoch: 0, pieceCount: 5n, ascendingMills: 3_650, returnedMills: 0 };
  const withdrawnAt = (minutes: number) => {
    return booksOf({ withdrawals: [{ ...withdrawal, withdrawnAtMs: MORNING_MS + minutes * 60_000 }] });
  };

  it('is gone: marks beyond its final piece count are named', async (test) => {
    const registers = new Registers();
    const before = five(registers, 0);
    const beyond = five(registers, 50);
    await assertNamed(test, seenAll(beyond), seenAll(before), withdrawnAt(500));
  });

  it('is gone: marks dated after it are named, whatever their piece count', async (test) => {
    const registers = new Registers();
    const [first, second, third, ...late] = five(registers, 0);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    // Dated in the very tick of the withdrawal is not after it.
    await assertNamed(test, seenAll(late), seenAll([first, second, third]), withdrawnAt(20));
  });

  it('says nothing of other sets of its license or its PSD', async (test) => {
    const others = [new Registers(PSDS[1]), new Registers(PSD, OTHER_LICENSE)];
    await assertNamed(
      test,
      [],
      others.flatMap((registers) => seenAll([...five(registers, 0), ...five(registers, 100)])),
      withdrawnAt(10),
    );
  });
});

describe('honest registers that look like a rollback', () => {
  const honest: [string, () => Evidence[], RegistryRecords?][] = [
    [
      'a set that was moved to a disk and back',
      () => {
        const registers = new Registers();
        const before = five(registers, 0);
        registers.epoch += 2;
        return seenAll([...before, ...five(registers, 100)]);
      },
    ],
    [
      'a PSD that was replaced under the same license',
      () => seenAll([...five(new Registers(PSDS[0]), 0), ...five(new Registers(PSDS[1]), 100, 1_010)]),
    ],
    [
      'two licenses on one PSD',
      () => seenAll([...five(new Registers(PSD, LICENSE), 0), ...five(new Registers(PSD, OTHER_LICENSE), 100, 1_010)]),
    ],
    ['arrival in the opposite order', () => seenAll(five(new Registers(), 0)).toReversed()],
    [
      're-scans hours later',
      () => {
        const marks = five(new Registers(), 0);
        const scans = marks.map((mark, index) => seen(mark, { mailpieceId: `again-${index}` }));
        const again = marks.map((mark, index) => seen(mark, { mailpieceId: `again-${index}`, pass: 'destination' }));
        return [...scans, ...again];
      },
    ],
    [
      'many marks of one tick, scanned in any order',
      () => {
        const registers = new Registers();
        const marks = Array.from({ length: 12 }, (_, index) => registers.print(Math.floor(index / 4) * 5));
        return seenAll(marks.toSorted((a, b) => Number((a.pieceCount * 7n) % 12n) - Number((b.pieceCount * 7n) % 12n)));
      },
    ],
    [
      'gaps in the piece count',
      () => seenAll(five(new Registers(), 0).filter(({ pieceCount }) => pieceCount % 2n === 1n)),
    ],
    [
      'pieces without postage',
      () => {
        const registers = new Registers();
        return seenAll([registers.print(0), registers.print(10, 0), registers.print(20, 0)]);
      },
    ],
    [
      'a refill between two pieces',
      () => {
        const registers = new Registers(PSD, LICENSE, 1_000);
        const first = registers.print(0);
        registers.descendingMills = 50_000;
        return seenAll([first, registers.print(10)]);
      },
    ],
    ['postpaid registers', () => seenAll(five(new Registers(PSD, LICENSE, null), 0)), booksOf({ funds: [] })],
  ];
  for (const [what, evidence, registry = booksOf()] of honest) {
    it(`${what}: nothing is found`, async (test) => {
      assert.deepEqual(await findingsOf(test, evidence(), registry), []);
    });
  }

  it('a copy: the detector of copies finds it, and it alone', async (test) => {
    const marks = five(new Registers(), 0);
    const findings = await findingsOf(test, [...seenAll(marks), ...seenAll(marks.slice(1, 2))], booksOf());
    assert.deepEqual(
      findings.map(({ kind }) => kind),
      ['copy'],
    );
  });
});
