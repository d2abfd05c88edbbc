import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { needsAttention } from '../../analytics/index.ts';
import { booksOf, LICENSE, MORNING_MS, PAID_MILLS, PSD, Registers, seen } from '../support/books.ts';
import type { Evidence } from '../support/evidence.ts';
import { figures, paid, reconciled } from '../support/reconciled.ts';

const SET = { license: LICENSE, psd: PSD };
const ONE_SET = paid({ amountMills: PAID_MILLS });

async function onlySet(test: TestContext, evidence: readonly Evidence[], registry = ONE_SET) {
  const { sets } = await reconciled(test, evidence, registry);
  assert.equal(sets.length, 1);
  return figures(sets[0]);
}

describe('the book of a register set', () => {
  it('holds what was printed and what remains against what was paid', async (test) => {
    const registers = new Registers();
    const evidence = [seen(registers.print(0, 730)), seen(registers.print(10, 1_010))];
    assert.deepEqual(await onlySet(test, evidence), {
      paidMills: 100_000,
      printedPieces: 2,
      printedMills: 1_740,
      remainingMills: 98_260,
    });
  });

  it('has sets that were paid and never seen, as money not yet shown', async (test) => {
    const registry = paid({ amountMills: 70_000 }, { amountMills: 30_000 });
    assert.deepEqual(await onlySet(test, [], registry), {
      paidMills: 100_000,
      remainingMills: null,
      differenceMills: -100_000,
    });
  });

  it('has sets that were seen and never paid, as money that nobody paid', async (test) => {
    const book = await onlySet(test, [seen(new Registers().print(0))], booksOf({ funds: [] }));
    assert.deepEqual(book, { printedPieces: 1, printedMills: 730, remainingMills: 99_270, differenceMills: 100_000 });
  });

  it('counts the pieces and the money of gaps, before the first mark too', async (test) => {
    const registers = new Registers();
    const marks = [100, 200, 400, 800, 1_600, 3_200].map((mills, index) => registers.print(index, mills));
    const evidence = [1, 4].flatMap((index) => marks.slice(index, index + 1)).map((mark) => seen(mark));
    const { sets, listed } = await reconciled(test, evidence, ONE_SET);
    assert.deepEqual(figures(sets[0]), {
      paidMills: 100_000,
      printedPieces: 2,
      printedMills: 1_800,
      unseenPieces: 3,
      unseenMills: 1_300,
      remainingMills: 96_900,
    });
    assert.deepEqual(await listed('unseen'), [
      { figure: 'unseen', ...SET, firstPieceCount: 1n, lastPieceCount: 1n, pieces: 1n, amountMills: 100n },
      { figure: 'unseen', ...SET, firstPieceCount: 3n, lastPieceCount: 4n, pieces: 2n, amountMills: 1_200n },
    ]);
  });

  it('counts a mark once, however often it was scanned or copied', async (test) => {
    const mark = new Registers().print(0);
    const evidence = [
      seen(mark, { mailpieceId: 'A' }),
      seen(mark, { mailpieceId: 'A', pass: 'destination' }),
      seen(mark, { mailpieceId: 'B' }),
    ];
    assert.deepEqual(await onlySet(test, evidence), {
      paidMills: 100_000,
      printedPieces: 1,
      printedMills: 730,
      remainingMills: 99_270,
    });
  });

  it('never counts a mark with a bad signature, and counts a genuine one whose key or license had ended', async (test) => {
    const registers = new Registers();
    const mark = registers.print(0);
    const later = registers.print(5);
    const evidence = [seen(later, {}, 'forged'), seen(later, {}, 'unknown-key'), seen(mark, {}, 'expired-license')];
    const book = await onlySet(test, evidence);
    assert.deepEqual(book, { paidMills: 100_000, printedPieces: 1, printedMills: 730, remainingMills: 99_270 });
  });

  it('books what was printed on counters used before as doubled, and not as unseen', async (test) => {
    const registers = new Registers();
    const first = [registers.print(0, 100)];
    const saved = registers.copied();
    const branch = [registers.print(10, 200), registers.print(20, 400), registers.print(30, 800)];
    // The counter 2 again, and 3 only by this side.
    const again = [saved.print(40, 1_000), saved.print(50, 5_000)];
    const evidence = [...first, ...branch.filter((_, index) => index !== 1), ...again].map((mark) => seen(mark));
    const { sets, listed } = await reconciled(test, evidence, ONE_SET);
    assert.deepEqual(figures(sets[0]), {
      paidMills: 100_000,
      printedPieces: 5,
      printedMills: 7_100,
      doubledMills: 1_000,
      remainingMills: 98_500,
    });
    const doubled = await listed('doubled');
    assert.deepEqual(
      doubled.map(({ amountMills }) => amountMills),
      [0n, 1_000n],
    );
    assert.ok(sets.some(needsAttention));
  });

  it('closes to the mill where a register set was put back and spent again', async (test) => {
    const registers = new Registers();
    const saved = registers.copied();
    const evidence = [100, 200, 400].map((mills, index) => seen(registers.print(index, mills)));
    const again = [1_000, 2_000].map((mills, index) => seen(saved.print(60 + index, mills)));
    assert.deepEqual(await onlySet(test, [...again, ...evidence]), {
      paidMills: 100_000,
      printedPieces: 5,
      printedMills: 3_700,
      doubledMills: 3_000,
      remainingMills: 99_300,
    });
  });

  it('shows credit that nobody paid, also when later marks hide it', async (test) => {
    const registers = new Registers();
    const honest = seen(registers.print(0));
    registers.descendingMills = (registers.descendingMills ?? 0) + 1;
    const credited = seen(registers.print(10));
    registers.descendingMills = (registers.descendingMills ?? 0) - 1;
    const hiding = seen(registers.print(20));
    assert.equal((await onlySet(test, [honest, credited])).differenceMills, 1);
    const { sets, listed } = await reconciled(test, [honest, credited, hiding], ONE_SET);
    assert.equal(figures(sets[0]).differenceMills, 1);
    assert.deepEqual(
      (await listed('difference')).map((piece) => 'scanId' in piece && [piece.scanId, piece.amountMills]),
      [[credited.scan.scanId, 1n]],
    );
  });

  it('takes a refill that no mark shows yet for paid and not loaded', async (test) => {
    const registry = paid({ amountMills: PAID_MILLS }, { amountMills: 5_000 });
    const book = await onlySet(test, [seen(new Registers().print(0))], registry);
    assert.equal(book.differenceMills, -5_000);
  });

  it('books refunds, and lists the scans of marks that were mailed nevertheless', async (test) => {
    const registers = new Registers();
    const marks = [registers.print(0), registers.print(10, 900), registers.print(20)];
    const [mailed, , last] = marks.map((mark) => seen(mark));
    const refund = { ...SET, refundedAtMs: MORNING_MS };
    const refunds = [
      { ...refund, pieceCount: 1n, amountMills: 730 },
      { ...refund, pieceCount: 2n, amountMills: 900 },
    ];
    const evidence = [mailed, last].filter((scan) => scan !== undefined);
    const { sets, listed } = await reconciled(test, evidence, { ...ONE_SET, refunds });
    assert.deepEqual(figures(sets[0]), {
      paidMills: 100_000,
      printedPieces: 2,
      printedMills: 1_460,
      unseenPieces: 1,
      unseenMills: 900,
      remainingMills: 97_640,
      refundedMills: 1_630,
    });
    assert.deepEqual(
      (await listed('refunded')).map(
        (piece) => 'scanId' in piece && [piece.pieceCount, piece.scanId, piece.amountMills],
      ),
      [
        [1n, mailed?.scan.scanId, 730n],
        [2n, null, 900n],
      ],
    );
  });

  it('takes the final registers of a withdrawal for the newest', async (test) => {
    const registers = new Registers();
    const evidence = [seen(registers.print(0))];
    const beyond = seen(registers.print(90));
    const withdrawals = [
      {
        ...SET,
        epoch: 0,
        pieceCount: 3n,
        ascendingMills: 2_190,
        returnedMills: PAID_MILLS - 2_190,
        withdrawnAtMs: MORNING_MS,
      },
    ];
    const withdrawn = { ...ONE_SET, withdrawals };
    assert.deepEqual(await onlySet(test, evidence, withdrawn), {
      paidMills: 100_000,
      printedPieces: 1,
      printedMills: 730,
      unseenPieces: 2,
      unseenMills: 1_460,
      returnedMills: 97_810,
    });
    registers.print(100);
    const spentAgain = [...evidence, beyond, seen(registers.print(110))];
    assert.equal((await onlySet(test, spentAgain, withdrawn)).differenceMills, PAID_MILLS - 2_190);
    const unseen = await onlySet(test, [], withdrawn);
    assert.deepEqual(unseen, { paidMills: 100_000, unseenPieces: 3, unseenMills: 2_190, returnedMills: 97_810 });
  });

  it('holds the bills of postpaid sets against the ascending register', async (test) => {
    const registers = new Registers(PSD, LICENSE, null);
    const evidence = [registers.print(0), registers.print(10)].slice(1).map((mark) => seen(mark));
    const book = { printedPieces: 1, printedMills: 730, unseenPieces: 1, unseenMills: 730, remainingMills: null };
    assert.deepEqual(await onlySet(test, evidence, paid({ amountMills: 1_460 })), { paidMills: 1_460, ...book });
    const unbilled = await onlySet(test, evidence, paid({ amountMills: 1_000 }));
    assert.deepEqual(unbilled, { paidMills: 1_000, ...book, differenceMills: 460 });
  });

  it('is exact where counters and registers are as great as marks can hold', async (test) => {
    const mills = 2 ** 48 - 1;
    const registers = Object.assign(new Registers(PSD, LICENSE, 0), {
      pieceCount: 2n ** 64n - 3n,
      ascendingMills: mills - 3,
    });
    const evidence = [registers.print(0, 1), registers.print(1, 2)].map((mark) => seen(mark));
    registers.descendingMills = 0;
    const { sets } = await reconciled(test, evidence.slice(0, 1), paid({ amountMills: mills }, { amountMills: mills }));
    assert.equal(sets[0]?.unseenPieces, 2n ** 64n - 3n);
    assert.equal(sets[0]?.unseenMills, BigInt(mills - 3));
    assert.equal(sets[0]?.paidMills, 2n * BigInt(mills));
  });
});
