import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Book, FIGURES, needsAttention } from '../../analytics/index.ts';
import {
  booksOf,
  HOME,
  LICENSE,
  MORNING_MS,
  OTHER_LICENSE,
  PAID_MILLS,
  PSD,
  PSDS,
  Registers,
  seen,
} from '../support/books.ts';
import type { Evidence } from '../support/evidence.ts';
import { figures, paid, reconciled } from '../support/reconciled.ts';

const OTHER_PSD = PSDS[1] ?? '';
const SET = { license: LICENSE, psd: PSD };
const ONE_SET = paid({ amountMills: PAID_MILLS });

describe('the book of a license', () => {
  it('adds up its PSDs, and no other license', async (test) => {
    const [first, second, other] = [new Registers(), new Registers(OTHER_PSD), new Registers(PSD, OTHER_LICENSE)];
    first.descendingMills = PAID_MILLS + 300;
    const evidence = [first.print(0, 100), second.print(0, 200), other.print(0, 400)].map((mark) => seen(mark));
    const funds = [SET, { ...SET, psd: OTHER_PSD }, { ...SET, license: OTHER_LICENSE }];
    const books = await reconciled(test, evidence, paid(...funds.map((set) => ({ ...set, amountMills: PAID_MILLS }))));
    const [book, otherBook] = books.licenses;
    assert.deepEqual([book?.license, book?.psds, book?.holder, book?.town], [LICENSE, 2, 'Holder', 'Shelton']);
    assert.deepEqual(figures(book), {
      paidMills: 200_000,
      printedPieces: 2,
      printedMills: 300,
      remainingMills: 200_000,
      differenceMills: 300,
    });
    assert.deepEqual([otherBook?.license, otherBook?.psds, otherBook?.printedMills], [OTHER_LICENSE, 1, 400n]);
  });

  it('can be asked for alone, and for one PSD, with every figure restricted', async (test) => {
    const sets = [new Registers(), new Registers(OTHER_PSD), new Registers(PSD, OTHER_LICENSE)];
    const evidence = sets.map((registers) => seen(registers.print(0)));
    const withdrawals = [OTHER_PSD, PSD].map((psd) => {
      return {
        license: OTHER_LICENSE,
        psd,
        epoch: 0,
        pieceCount: 9n,
        ascendingMills: 0,
        returnedMills: 1,
        withdrawnAtMs: 0,
      };
    });
    const refunds = [{ license: OTHER_LICENSE, psd: PSD, pieceCount: 1n, amountMills: 730, refundedAtMs: 0 }];
    const { booksOf: asked, listed } = await reconciled(test, evidence, booksOf({ withdrawals, refunds }));
    const names = (books: readonly Book[]) => books.map((book) => ('psd' in book ? book.psd : book.book));
    assert.deepEqual(names(await asked({ license: LICENSE, psd: null })), [...PSDS, 'license', 'town']);
    assert.deepEqual(names(await asked({ license: LICENSE, psd: PSD })), [PSD, 'license', 'town']);
    for (const figure of FIGURES) {
      for (const { license, psd } of await listed(figure, { ...SET, license: LICENSE })) {
        assert.deepEqual({ license, psd }, SET, figure);
      }
    }
  });

  it('without a record in the registry has a book all the same', async (test) => {
    const { licenses, towns } = await reconciled(test, [seen(new Registers().print(0))], { ...ONE_SET, licenses: [] });
    assert.deepEqual([licenses[0]?.holder, licenses[0]?.printedMills], [null, 730n]);
    assert.deepEqual(figures(towns[0]), { licensedMills: 730, unplacedMills: 730 });
  });
});

describe('the book of a town', () => {
  const plants = [
    { plant: 'P1', postcode: HOME },
    { plant: 'P1', postcode: '06443' },
    { plant: 'P2', postcode: HOME },
    { plant: 'P3', postcode: '75034' },
  ];
  const registry = booksOf({ plants });

  it('is credited with the mail handed in there, at any of its plants; other plants earn the rest', async (test) => {
    const registers = new Registers();
    const marks = [100, 200, 400, 800, 1_600, 3_200].map((mills, index) => registers.print(index, mills));
    const scans = [
      { plant: 'P1' },
      { plant: 'P2' },
      { plant: 'P3' },
      { plant: 'P3', pass: 'destination' as const },
      { plant: 'P9' },
      { plant: null },
    ];
    const evidence = marks.map((mark, index) => seen(mark, scans[index]));
    const { towns, listed } = await reconciled(test, evidence, registry);
    assert.deepEqual(
      towns.map(({ town, plant }) => [town, plant]),
      [
        ['Shelton', null],
        [null, 'P3'],
      ],
    );
    assert.deepEqual(towns.map(figures), [
      { earnedMills: 300, licensedMills: 6_300, unplacedMills: 5_600, differenceMills: -400 },
      { earnedMills: 400, differenceMills: 400 },
    ]);
    assert.ok(towns.some(needsAttention));
    assert.deepEqual(
      (await listed('wrong-town')).map((piece) => 'scanId' in piece && [piece.scanId, piece.plant, piece.amountMills]),
      [[evidence[2]?.scan.scanId, 'P3', 400n]],
    );
  });

  it('goes by the first origin scan, no matter what came in first', async (test) => {
    const mark = new Registers().print(0);
    const evidence = [
      seen(mark, { plant: 'P3', scannedAtMs: MORNING_MS + 2 }),
      seen(mark, { plant: 'P1', scannedAtMs: MORNING_MS + 1 }),
      seen(mark, { plant: 'P3', scannedAtMs: null }),
      seen(mark, { plant: 'P3', scannedAtMs: MORNING_MS, pass: 'transit' }),
    ];
    for (const arrived of [evidence, evidence.toReversed()]) {
      const { towns } = await reconciled(test, arrived, registry);
      assert.deepEqual(towns.map(figures), [{ earnedMills: 730, licensedMills: 730 }]);
    }
  });

  it('leaves licenses of towns without a plant unplaced', async (test) => {
    const evidence = [seen(new Registers().print(0), { plant: 'P3' })];
    const { towns } = await reconciled(test, evidence, booksOf({ plants: plants.slice(3) }));
    assert.deepEqual(towns.map(figures), [{ licensedMills: 730, unplacedMills: 730 }]);
  });
});

/** Refills and frankings as a PSD does them: what it has not, it does not spend. */
const day = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        mills: fc.integer({ min: 1, max: 5_000 }),
        isSeen: fc.boolean(),
        scans: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ refillMills: fc.integer({ min: 1, max: 20_000 }) }) },
  ),
  { minLength: 1, maxLength: 40 },
);

describe('the books of honest days', () => {
  it('close to the mill, for any order and batches of the evidence', async (test) => {
    const history = fc.array(day, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.integer({ min: 1, max: 50 }),
        fc.infiniteStream(fc.nat()),
        async (days, batchScans, keys) => {
          const evidence: Evidence[] = [];
          const funds: { license: number; psd: string; amountMills: number }[] = [];
          for (const [index, events] of days.entries()) {
            const registers = new Registers(PSDS[index % 2] ?? '', index < 2 ? LICENSE : OTHER_LICENSE, 0);
            for (const [minute, event] of [...events, { mills: 0, isSeen: true, scans: 1 }].entries()) {
              if ('refillMills' in event) {
                registers.descendingMills = (registers.descendingMills ?? 0) + event.refillMills;
                funds.push({ license: registers.license, psd: registers.psd, amountMills: event.refillMills });
              } else if (event.mills <= (registers.descendingMills ?? 0)) {
                const mark = registers.print(minute, event.mills);
                if (event.isSeen) for (let scan = 0; scan < event.scans; scan++) evidence.push(seen(mark));
              }
            }
          }
          const ordered = evidence
            .map((scan) => ({ scan, key: keys.next().value ?? 0 }))
            .toSorted((a, b) => a.key - b.key);
          const first = await reconciled(test, evidence, paid(...funds));
          const { books, sets, listed } = await reconciled(
            test,
            ordered.map(({ scan }) => scan),
            paid(...funds),
            batchScans,
          );
          assert.deepEqual(books, first.books);
          assert.equal(sets.length, days.length);
          for (const book of sets) {
            const accounted = book.printedMills + book.unseenMills + (book.remainingMills ?? 0n);
            assert.deepEqual([accounted, book.differenceMills, book.doubledMills], [book.paidMills, 0n, 0n]);
          }
          const sumOf = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);
          for (const figure of ['printed', 'unseen', 'remaining'] as const) {
            const inBooks = sumOf(sets.map((book) => book[`${figure}Mills`] ?? 0n));
            assert.equal(sumOf((await listed(figure)).map(({ amountMills }) => amountMills)), inBooks, figure);
          }
          assert.ok(!books.some(needsAttention));
        },
      ),
      { numRuns: 15 },
    );
  });
});
