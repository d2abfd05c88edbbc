import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RegistryRecords } from '../../indicium/index.ts';
import { booksOf, HOME, LICENSE, MORNING_MS, markOf, OTHER_LICENSE, PSD, PSDS, seen } from '../support/books.ts';
import type { Evidence } from '../support/evidence.ts';
import { findingsOf, scanIdsOf, scansNamed } from '../support/findings.ts';

/** Nothing but the guilty is named, and by no other kind of finding either. */
async function assertNamed(
  test: TestContext,
  kind: string,
  { guilty, innocent = [] }: { guilty: readonly Evidence[]; innocent?: readonly Evidence[] },
  registry: RegistryRecords = booksOf(),
) {
  const findings = await findingsOf(test, [...guilty, ...innocent], registry);
  assert.deepEqual(scansNamed(findings, kind), scanIdsOf(guilty));
  // A piece that enters the mail at two plants is doubtful besides, and nobody is accused of that.
  const kinds = findings.map((finding) => finding.kind).filter((its) => its !== 'doubtful-path');
  assert.deepEqual(new Set(kinds), new Set(guilty.length === 0 ? [] : [kind]));
}

/** Marks that differ, of one set: the piece count and register go on as an honest PSD's do. */
function numbered(count: number): { pieceCount: bigint; ascendingMills: number; descendingMills: number } {
  return { pieceCount: BigInt(count), ascendingMills: count * 730, descendingMills: 50_000 - count * 730 };
}

describe('the refund-mailed detector', () => {
  const refund = { license: LICENSE, psd: PSD, pieceCount: 3n, amountMills: 730, refundedAtMs: MORNING_MS };
  const refunds = [refund, { ...refund, pieceCount: 2n ** 53n + 1n }, { ...refund, pieceCount: 2n ** 64n - 1n }];

  it('names every scan of a refunded mark, and of no other', async (test) => {
    const mark = markOf(numbered(3));
    const guilty = [
      seen(mark, { mailpieceId: 'R' }),
      seen(mark, { mailpieceId: 'R', pass: 'destination', plant: '75034' }),
    ];
    const innocent = [
      seen(markOf(numbered(2))),
      seen(markOf(numbered(4))),
      seen(markOf({ ...numbered(3), psd: PSDS[1] ?? '' })),
      seen(markOf({ ...numbered(3), license: OTHER_LICENSE })),
    ];
    await assertNamed(test, 'refund-mailed', { guilty, innocent }, booksOf({ refunds: [...refunds, refund] }));
    await assertNamed(test, 'refund-mailed', { guilty: [], innocent: [...guilty, ...innocent] });
  });

  it('is exact beyond 2^53', async (test) => {
    const guilty = [seen(markOf({ pieceCount: 2n ** 53n + 1n }))];
    const innocent = [seen(markOf({ pieceCount: 2n ** 53n, ascendingMills: 0 }))];
    const { funds } = booksOf();
    const findings = await findingsOf(test, [...guilty, ...innocent], booksOf({ refunds, funds }));
    assert.deepEqual(scansNamed(findings, 'refund-mailed'), scanIdsOf(guilty));
  });

  it('looks at genuine marks only', async (test) => {
    const findings = await findingsOf(test, [seen(markOf(numbered(3)), {}, 'forged')], booksOf({ refunds }));
    assert.deepEqual(scansNamed(findings, 'refund-mailed'), []);
  });
});

describe('the wrong-town detector', () => {
  // Two plants sort for the home post office, one of them for another town too; a third has a town of its own.
  const plants = [
    { plant: 'P1', postcode: HOME },
    { plant: 'P2', postcode: HOME },
    { plant: 'P1', postcode: '06443' },
    { plant: 'P3', postcode: '75034' },
  ];

  it('names marks with another postcode of deposit than the license has', async (test) => {
    const mark = markOf({ ...numbered(1), depositPostcode: '06443' });
    const guilty = [
      seen(mark, { mailpieceId: 'W' }),
      seen(mark, { mailpieceId: 'W', pass: 'destination', plant: null }),
    ];
    await assertNamed(test, 'wrong-town', { guilty, innocent: [seen(markOf(numbered(2)))] });
  });

  it('names the scan by which a piece entered the mail at a plant that does not sort for its town', async (test) => {
    const mark = markOf(numbered(1));
    const guilty = [seen(mark, { mailpieceId: 'W', plant: 'P3' })];
    const innocent = [
      seen(mark, { mailpieceId: 'W', plant: 'P3', pass: 'destination' }),
      seen(mark, { mailpieceId: 'W', plant: 'P1', pass: 'transit' }),
      seen(markOf(numbered(2)), { plant: 'P1' }),
      seen(markOf(numbered(3)), { plant: 'P2' }),
      seen(markOf(numbered(4)), { plant: 'P3', pass: 'transit' }),
      seen(markOf(numbered(5)), { plant: 'P3', pass: 'destination' }),
      seen(markOf(numbered(6)), { plant: 'P3', pass: null }),
      seen(markOf(numbered(7)), { plant: null }),
      seen(markOf(numbered(8)), { plant: 'no plant of the list' }),
    ];
    await assertNamed(test, 'wrong-town', { guilty, innocent }, booksOf({ plants }));
    await assertNamed(test, 'wrong-town', { guilty: [], innocent: [...guilty, ...innocent] });
  });

  it('says nothing of plants for a license whose postcode is listed with none', async (test) => {
    const innocent = [seen(markOf(numbered(1)), { plant: 'P3' })];
    const elsewhere = plants.filter(({ postcode }) => postcode !== HOME);
    await assertNamed(test, 'wrong-town', { guilty: [], innocent }, booksOf({ plants: elsewhere }));
  });

  it('names the scan of a copy that was mailed elsewhere, and not that of the original', async (test) => {
    const mark = markOf(numbered(1));
    const [original, copy] = [seen(mark, { plant: 'P1' }), seen(mark, { plant: 'P3' })];
    const findings = await findingsOf(test, [original, copy], booksOf({ plants }));
    // As a copy, and not as mail that the customer deposited elsewhere: anyone who has the letter can copy it.
    assert.deepEqual(scansNamed(findings, 'wrong-town'), []);
    assert.deepEqual(scansNamed(findings, 'copy'), scanIdsOf([original, copy]));
  });

  it('looks at genuine marks only', async (test) => {
    const forged = seen(markOf({ depositPostcode: '06443' }), { plant: 'P3' }, 'forged');
    assert.deepEqual(scansNamed(await findingsOf(test, [forged], booksOf({ plants })), 'wrong-town'), []);
  });
});

describe('the wrong-destination detector', () => {
  const cases: [string, string | null, string | null, 'other' | 'same'][] = [
    ['another delivery area', '06443123456', '06444123456', 'other'],
    ['another box of the same delivery area', '06443123456', '06443999999', 'same'],
    ['a short reading of the same area', '06443123456', '0644', 'same'],
    ['a short reading of another area', '06443123456', '0645', 'other'],
    ['a short reading of three characters that differ', '06443123456', '065', 'other'],
    ['a reading of two characters, which says too little', '06443123456', '07', 'same'],
    ['a short code in the mark', '0644', '06443', 'same'],
    ['a short code in the mark that differs', '0645', '06443', 'other'],
    ['a mark for no address', null, '06444', 'same'],
    ['no reading', '06443123456', null, 'same'],
    ['spaces, hyphens and small letters', 'K1A0B1', 'k1a 0-b1', 'same'],
    ['spaces, hyphens and small letters before the difference', 'K1A0B1', 'k1a 0-c1', 'other'],
    ['a reading that ends where a character was not legible', '06443', '064?3', 'same'],
    ['a reading that differs before the illegible character', '06443', '065?3', 'other'],
    ['a reading of nothing but an illegible mark', '06443', '????', 'same'],
  ];
  it('judges each reading by what both sides have', async (test) => {
    const scans = cases.map(([, named, read], index) => {
      return seen(markOf({ ...numbered(2 * index + 1), destinationPostcode: named }), { destination: read });
    });
    const named = new Set(scansNamed(await findingsOf(test, scans, booksOf()), 'wrong-destination'));
    assert.deepEqual(
      cases.map(([what], index) => [what, named.has(scans[index]?.scan.scanId ?? '') ? 'other' : 'same']),
      cases.map(([what, , , expected]) => [what, expected]),
    );
  });

  it('does not name a misread of a mailpiece that another pass read as marked', async (test) => {
    const [mark, other] = [markOf(numbered(1)), markOf(numbered(2))];
    const innocent = [
      seen(mark, { mailpieceId: 'D', destination: '08443' }),
      seen(mark, { mailpieceId: 'D', destination: '06443', pass: 'destination' }),
      seen(other, { mailpieceId: 'E', destination: '06443' }),
    ];
    const guilty = [
      seen(other, { mailpieceId: 'F', destination: '08443' }),
      seen(other, { mailpieceId: null, destination: '08443', pass: 'transit' }),
    ];
    const findings = await findingsOf(test, [...innocent, ...guilty], booksOf());
    // One mark on two mailpieces: the copy is the one on its way to another place.
    assert.deepEqual(scansNamed(findings, 'copy').length, 3);
    assert.deepEqual(scansNamed(findings, 'wrong-destination'), []);
  });

  it('counts a reading without an id with the others of its mark, where that was on one mailpiece at most', async (test) => {
    const marks = [1, 2, 3].map((number) => markOf(numbered(number)));
    const read = (index: number, mailpieceId: string | null, destination: string) => {
      return seen(marks[index] ?? markOf(), {
        mailpieceId,
        destination,
        pass: destination === '06443' ? 'origin' : 'transit',
      });
    };
    const misread = [read(0, 'D', '06443'), read(0, null, '08443'), read(1, null, '06443'), read(1, null, '08443')];
    const wrong = [read(2, null, '08443'), read(2, null, '08444')];
    const findings = await findingsOf(test, [...misread, ...wrong], booksOf());
    assert.deepEqual(scansNamed(findings, 'wrong-destination'), wrong.map(({ scan }) => scan.scanId).toSorted());
  });

  it('looks at genuine marks only', async (test) => {
    const forged = seen(markOf(), { destination: '99999' }, 'forged');
    assert.deepEqual(scansNamed(await findingsOf(test, [forged], booksOf()), 'wrong-destination'), []);
  });
});

describe('the short-postage detector', () => {
  const NEW_YEAR_MS = Date.UTC(2027, 0, 1);
  const rate = { rateCategory: 101, weightGramsMax: 28, postageMills: 730, validFromMs: 0, validToMs: NEW_YEAR_MS };
  const rates = [
    rate,
    { ...rate, postageMills: 780, validFromMs: NEW_YEAR_MS, validToMs: 8.64e15 },
    { ...rate, rateCategory: 102, weightGramsMax: 56, postageMills: 1_010 },
    { ...rate, rateCategory: 301, weightGramsMax: 20, postageMills: 500 },
    { ...rate, rateCategory: 301, weightGramsMax: 50, postageMills: 900 },
  ];
  let pieces = 0;
  const piece = (postageMills: number, weightGrams: number | null, change: Parameters<typeof markOf>[0] = {}) => {
    pieces += 1;
    return seen(markOf({ ...numbered(2 * pieces), postageMills, ...change }), { weightGrams });
  };
  const inNewYear = { printedAtMs: NEW_YEAR_MS };
  const beforeNewYear = { printedAtMs: NEW_YEAR_MS - 1 };
  const cases: [string, Evidence, 'short' | 'enough'][] = [
    ['postage short by a mill', piece(729, 20), 'short'],
    ['postage short by a mill, not weighed', piece(729, null), 'short'],
    ['exact postage', piece(730, 28), 'enough'],
    ['more postage than is due', piece(5_000, 28), 'enough'],
    ['exact postage, not weighed', piece(730, null), 'enough'],
    ['weight within the tolerance', piece(730, 30), 'enough'],
    ['weight beyond the tolerance', piece(730, 31), 'short'],
    ['weight that the category named allows', piece(1_010, 56, { rateCategory: 102 }), 'enough'],
    ['a dearer category, paid as the cheaper one', piece(730, 20, { rateCategory: 102 }), 'short'],
    ['a category that is in no table', piece(1, 5_000, { rateCategory: 999 }), 'enough'],
    ['the old rate on the last millisecond of the year', piece(730, 20, beforeNewYear), 'enough'],
    ['the old rate in the new year', piece(730, 20, inNewYear), 'short'],
    ['the new rate in the new year', piece(780, 20, inNewYear), 'enough'],
    ['a category that is in no table any more', piece(1, 20, { ...inNewYear, rateCategory: 102 }), 'enough'],
    ['the lower of two steps, for its weight', piece(500, 22, { rateCategory: 301 }), 'enough'],
    ['the lower of two steps, for more than its weight', piece(500, 40, { rateCategory: 301 }), 'short'],
    ['the upper of two steps', piece(900, 52, { rateCategory: 301 }), 'enough'],
    ['more than both steps carry', piece(900, 53, { rateCategory: 301 }), 'short'],
  ];
  it('judges each piece by the rate in force at its date', async (test) => {
    const scans = cases.map(([, scan]) => scan);
    const findings = await findingsOf(test, scans, booksOf({ rates }));
    const named = new Set(scansNamed(findings, 'short-postage'));
    assert.deepEqual(
      cases.map(([what, { scan }]) => [what, named.has(scan.scanId) ? 'short' : 'enough']),
      cases.map(([what, , expected]) => [what, expected]),
    );
    assert.deepEqual(scansNamed(await findingsOf(test, scans, booksOf()), 'short-postage'), []);
  });

  it('names of an overweight piece the scans that weighed it so', async (test) => {
    const mark = markOf(numbered(1));
    const guilty = [seen(mark, { mailpieceId: 'H', weightGrams: 90 })];
    const innocent = [seen(mark, { mailpieceId: 'H', weightGrams: null, pass: 'destination' })];
    await assertNamed(test, 'short-postage', { guilty, innocent }, booksOf({ rates }));
  });

  it('looks at genuine marks only', async (test) => {
    const forged = seen(markOf({ postageMills: 1 }), { weightGrams: 900 }, 'forged');
    assert.deepEqual(scansNamed(await findingsOf(test, [forged], booksOf({ rates })), 'short-postage'), []);
  });
});
