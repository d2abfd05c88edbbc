import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { detect, Store } from '../../analytics/index.ts';
import type { ReadingOutcome, RegistryRecords, Scan } from '../../indicium/index.ts';
import {
  booksOf,
  HOME,
  LICENSE,
  type MarkChange,
  MORNING_MS,
  markOf,
  OTHER_LICENSE,
  PSD,
  PSDS,
  Registers,
  seen,
} from '../support/books.ts';
import { type Evidence, recordEvidence } from '../support/evidence.ts';
import { temporaryFolder } from '../support/temporary.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const PLANTS = [
  { plant: 'P1', postcode: HOME, latitude: 41.3, longitude: -73.1 },
  { plant: 'P3', postcode: '75034', latitude: 33.1, longitude: -96.8 },
];
const REGISTRY = booksOf({
  version: 4,
  digest: 'second',
  plants: PLANTS,
  refunds: [{ license: LICENSE, psd: PSD, pieceCount: 2n, amountMills: 730, refundedAtMs: MORNING_MS }],
  rates: [{ rateCategory: 101, weightGramsMax: 28, postageMills: 730, validFromMs: 0, validToMs: 8.64e15 }],
  withdrawals: [
    {
      license: OTHER_LICENSE,
      psd: PSDS[1] ?? '',
      epoch: 0,
      pieceCount: 64n,
      ascendingMills: 0,
      returnedMills: 1,
      withdrawnAtMs: MORNING_MS + 50 * MINUTE_MS,
    },
  ],
});

/** Marks of few sets with few values for everything: nearly every pair of them contradicts some other. */
const mark = fc
  .record(
    {
      license: fc.constantFrom(LICENSE, OTHER_LICENSE),
      psd: fc.constantFrom(...PSDS.slice(0, 2)),
      // Around the border of a page of 64 counters, and far away.
      pieceCount: fc.constantFrom(1n, 2n, 62n, 63n, 64n, 65n, 66n, 1_500n, 2n ** 64n - 1n),
      minutes: fc.constantFrom(0, 1, 2, 55, 60, 60, 60, 60),
      extraMills: fc.constantFrom(0, 0, 0, 0, 1, -1),
      isStanding: fc.constantFrom(false, false, true),
      postpaid: fc.boolean(),
      epoch: fc.constantFrom(0, 0, 0, 1),
      postageMills: fc.constantFrom(730, 729),
      rateCategory: fc.constantFrom(101, 101, 101, 999),
      depositPostcode: fc.constantFrom(HOME, HOME, HOME, '06443'),
    },
    { noNullPrototype: true },
  )
  .map(({ minutes, extraMills, isStanding, postpaid, ...fields }) => {
    const ascendingMills = (isStanding ? 62 : Number(fields.pieceCount % 100_000n)) * 730 + extraMills;
    return markOf({
      ...fields,
      ascendingMills,
      descendingMills: postpaid ? null : 100_000 - ascendingMills,
      printedAtMs: MORNING_MS + minutes * MINUTE_MS,
    });
  });

const scanning = fc.record(
  {
    mark: fc.nat({ max: 29 }),
    outcome: fc.constantFrom<ReadingOutcome[]>(
      'valid',
      'valid',
      'valid',
      'valid',
      'forged',
      'date-anomaly',
      'unknown-key',
      'borrowed-name',
    ),
    scan: fc.record<Partial<Scan>>(
      {
        mailpieceId: fc.constantFrom('M1', 'M2', null),
        plant: fc.constantFrom('P1', 'P1', 'P3', 'P9', null),
        pass: fc.constantFrom('origin', 'origin', 'destination', null),
        destination: fc.constantFrom('06443', '75034', null),
        weightGrams: fc.constantFrom(20, 99, null),
        scannedAtMs: fc.constantFrom(
          MORNING_MS - 1,
          MORNING_MS + 61 * MINUTE_MS,
          MORNING_MS + 61 * MINUTE_MS,
          MORNING_MS + 90 * MINUTE_MS,
          MORNING_MS + 31 * DAY_MS,
          MORNING_MS - 2 * DAY_MS,
          null,
        ),
      },
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
);

/** Marks of one device that enter the mail at once at two plants far from each other; chance hardly makes such a pair. */
const TWO_PLACES = [60n, 61n].map((pieceCount, index) => {
  const registers = { ascendingMills: Number(pieceCount) * 730, descendingMills: null };
  const its = markOf({ psd: PSDS[2] ?? '', pieceCount, ...registers, printedAtMs: MORNING_MS + 60 * MINUTE_MS });
  const scannedAtMs = MORNING_MS + 61 * MINUTE_MS;
  return seen(its, { mailpieceId: `T${index}`, plant: index === 0 ? 'P1' : 'P3', pass: 'origin', scannedAtMs });
});

/** Two marks of another set, each copied with its id tag: once onto other mail, once it only seems so. */
const COPIED_TAGS = [62n, 63n].flatMap((pieceCount, index) => {
  const registers = { ascendingMills: Number(pieceCount) * 730, descendingMills: null };
  const its = markOf({ license: OTHER_LICENSE, psd: PSDS[2] ?? '', pieceCount, ...registers });
  const scan = { mailpieceId: `C${index}`, plant: 'P1', pass: 'origin', scannedAtMs: MORNING_MS + MINUTE_MS } as const;
  const [address, other] = ['06443', index === 0 ? '75034' : '06443'];
  return [
    seen(its, { ...scan, weightGrams: 20, destination: address }),
    seen(its, { ...scan, weightGrams: 99, destination: other }),
  ];
});

/** A third of the marks is scanned more than once. */
const mail: fc.Arbitrary<Evidence[]> = fc
  .tuple(fc.array(mark, { minLength: 10, maxLength: 30 }), fc.array(scanning, { minLength: 20, maxLength: 60 }))
  .map(([marks, scannings]) => [
    ...TWO_PLACES,
    ...COPIED_TAGS,
    ...scannings.flatMap(({ mark: index, outcome, scan }) => {
      const its = marks[index % marks.length];
      return its === undefined ? [] : [signed(seen(its, scan, outcome))];
    }),
  ]);

/** Whose key signs in the names of others: one of those that are named elsewhere. */
function signed(evidence: Evidence): Evidence {
  const { reading } = evidence;
  if (reading.outcome !== 'borrowed-name') return evidence;
  return { ...evidence, reading: { ...reading, signer: { license: OTHER_LICENSE, psd: PSDS[2] ?? '' } } };
}

const FINDINGS = 'from findings order by kind, license, psd, key';

/** Everything the detectors found, byte for byte, after a look at each of the batches; some under an older registry. */
async function found(
  test: TestContext,
  batches: readonly (readonly Evidence[])[],
  { batchesBefore = 0, older = REGISTRY }: { batchesBefore?: number; older?: RegistryRecords } = {},
): Promise<string> {
  const store = await Store.open(join(await temporaryFolder(test), 'store.duckdb'));
  await store.setRegistry(batchesBefore === 0 ? REGISTRY : older);
  for (const [index, batch] of batches.entries()) {
    if (index === batchesBefore) await store.setRegistry(REGISTRY);
    await recordEvidence(store, batch, 'test', null);
    await detect(store);
  }
  await store.setRegistry(REGISTRY);
  await detect(store);
  const result = await store.connection.runAndReadAll(FINDINGS);
  store.close();
  return result
    .getRowsJson()
    .map((row) => JSON.stringify(row))
    .join('\n');
}

function cut(all: readonly Evidence[], sizes: readonly number[]): Evidence[][] {
  const batches: Evidence[][] = [];
  for (let from = 0, turn = 0; from < all.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    batches.push(all.slice(from, from + size));
    from += size;
  }
  return batches;
}

describe('detectors that look at what is new only', () => {
  it('find what a look at all the evidence finds, for any order and batches', async (test) => {
    const shuffled = mail.chain((all) =>
      fc.record({
        all: fc.constant(all),
        arrived: fc.shuffledSubarray(all, { minLength: all.length }),
        sizes: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ all, arrived, sizes }) => {
        assert.equal(await found(test, cut(arrived, sizes)), await found(test, [all]));
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  it('are compared over mail that has all kinds of findings', async (test) => {
    const sample = fc.sample(mail, { seed: 1, numRuns: 6 });
    const told = await Promise.all(sample.map((all) => found(test, [all])));
    for (const kind of [
      'cloned-id',
      'copy',
      'doubtful-path',
      'fork',
      'rollback',
      'overspend',
      'two-places',
      'faster-than-printer',
      'wrong-town',
      'wrong-destination',
      'short-postage',
      'refund-mailed',
      'forged',
      'unknown-key',
      'stale-date',
      'standing-register',
      'omitted-descending',
      'unknown-rate',
    ]) {
      assert.ok(told.join('').includes(`["${kind}"`), `no mail has ${kind}: the comparison says nothing of it`);
    }
  });

  it('compare pages of counters that came in at different times', async (test) => {
    const wrong: [string, (registers: Registers) => MarkChange][] = [
      ['an earlier date', () => ({ printedAtMs: MORNING_MS - 1 })],
      ['a lower epoch', () => ({ epoch: 0 })],
      ['a lower register', ({ ascendingMills }) => ({ ascendingMills: ascendingMills - 800, descendingMills: null })],
      ['a wrong step', ({ ascendingMills }) => ({ ascendingMills: ascendingMills + 731, descendingMills: null })],
    ];
    for (const [what, change] of wrong) {
      const registers = new Registers();
      Object.assign(registers, { epoch: 1, pieceCount: 61n, ascendingMills: 61 * 100, descendingMills: 93_900 });
      const before = [registers.print(0, 100), registers.print(1, 100)];
      const after = registers.print(2, 730, change(registers));
      assert.deepEqual([before[1]?.pieceCount, after.pieceCount], [63n, 64n]);
      const [early, late] = [before.map((mark) => seen(mark)), [seen(after)]];
      for (const batches of [
        [early, late],
        [late, early],
      ]) {
        const told = await found(test, batches);
        assert.match(told, /"rollback"/, what);
        assert.equal(told, await found(test, [batches.flat()]), what);
      }
    }
  });

  it('compare the registers of pages that came in at different times, whatever lies between', async (test) => {
    for (const [lackingMills, isFound] of [
      [0, false],
      [1, true],
    ] as const) {
      const registers = new Registers();
      const before = [registers.print(0, 100), registers.print(1, 100)];
      registers.pieceCount = 500n;
      const after = registers.print(2, 730, { ascendingMills: 930 - lackingMills });
      const [early, late] = [before.map((mark) => seen(mark)), [seen(after)]];
      for (const batches of [
        [early, late],
        [late, early],
      ]) {
        const told = await found(test, batches);
        assert.equal(told.includes('"standing-register"'), isFound);
        assert.equal(told, await found(test, [batches.flat()]));
      }
    }
  });

  it('look at marks without a descending register again once their license shows that it pays in advance', async (test) => {
    const funds = booksOf().funds.map((line) => ({ ...line, paidAtMs: MORNING_MS + MINUTE_MS }));
    const older = { ...REGISTRY, funds };
    const hidden = [seen(new Registers(PSD, LICENSE, null).print(0))];
    const shown = [seen(new Registers(PSDS[1], LICENSE).print(0))];
    for (const batches of [
      [hidden, shown],
      [shown, hidden],
    ]) {
      const told = await found(test, batches, { batchesBefore: 2, older });
      assert.match(told, /"omitted-descending"/);
      assert.equal(told, await found(test, [batches.flat()]));
    }
  });

  it('look at all PSDs of a license when one of them spends the last of its money', async (test) => {
    // One mill was paid back when the set on the second PSD was withdrawn, and spent nevertheless.
    const sets = PSDS.map((psd) => new Registers(psd, OTHER_LICENSE));
    const before = sets.map((registers, index) => seen(registers.print(0, index === 0 ? 99_999 : 100_000)));
    const last = sets.slice(0, 1).map((registers) => seen(registers.print(1, 1)));
    assert.doesNotMatch(await found(test, [before]), /"overspend"/);
    const told = await found(test, [before, last]);
    assert.equal(told.match(/"overspend"/g)?.length, PSDS.length);
    assert.equal(told, await found(test, [[...before, ...last]]));
  });

  it('bear the bounds of every number, over days, with nothing in the registry', async (test) => {
    const registry = booksOf({ licenses: [], grants: [], psds: [], funds: [] });
    const [ascendingMills, postageMills] = [2 ** 48 - 1, 2 ** 32 - 1];
    const evidence = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((day) => {
      const printedAtMs = MORNING_MS + day * 86_400_000;
      const far = { ascendingMills, descendingMills: ascendingMills, postageMills, printedAtMs };
      return [
        seen(markOf({ ...far, pieceCount: BigInt(day) * 2n ** 60n + 1n }), {
          plant: null,
          scannedAtMs: null,
          pass: null,
        }),
        seen(markOf({ ...far, pieceCount: 2n ** 64n - 1n - BigInt(day), descendingMills: null })),
        seen(
          markOf({ pieceCount: BigInt(day) + 1n, ascendingMills: 0, postageMills: 0, printedAtMs: 4_102_444_799_000 }),
          {
            destination: '',
            weightGrams: 2 ** 31 - 1,
          },
        ),
      ];
    });
    const options = { batchesBefore: 1, older: registry };
    assert.equal(await found(test, cut(evidence, [5]), options), await found(test, [evidence]));
    assert.match(await found(test, [evidence, []], { batchesBefore: 2, older: registry }), /18446744073709551615/);
  });

  it('find the same after another registry, too', async (test) => {
    const set = { license: OTHER_LICENSE, psd: PSD };
    // Nothing was paid yet, nobody is granted anything, and a piece is refunded that later is not.
    const refunds = [{ ...set, pieceCount: 62n, amountMills: 730, refundedAtMs: MORNING_MS }];
    const older = booksOf({ version: 1, funds: [], grants: [], refunds });
    await fc.assert(
      fc.asyncProperty(mail, fc.integer({ min: 1, max: 2 }), async (all, batchesBefore) => {
        assert.equal(await found(test, cut(all, [20]), { batchesBefore, older }), await found(test, [all]));
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });
});
