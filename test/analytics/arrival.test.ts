import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { booksOf, HOME, LICENSE, MORNING_MS, OTHER_LICENSE, PSD, PSDS, Registers, seen } from '../support/books.ts';
import type { Evidence } from '../support/evidence.ts';
import { findingsOf, scansNamed } from '../support/findings.ts';

const KINDS = ['overspend', 'refund-mailed', 'rollback', 'short-postage', 'wrong-destination', 'wrong-town'];

/** A day with each of the frauds that only the evidence as a whole shows, among honest mail. */
function mixedMail(): Evidence[] {
  const sets = PSDS.flatMap((psd) => [LICENSE, OTHER_LICENSE].map((license) => new Registers(psd, license)));
  const honest = sets.flatMap((registers) => [0, 0, 5, 10].map((minutes) => registers.print(minutes)));
  const [first = new Registers(), second = new Registers(), third = new Registers(), fourth = new Registers()] = sets;
  const saved = first.copied();
  const rolledBack = [first.print(20), first.print(25), saved.print(30), saved.print(30)];
  const step = second.print(20, 730, { ascendingMills: second.ascendingMills + 729 });
  third.descendingMills = 2_000_000;
  const spent = [third.print(20), third.print(25)];
  const odd = [
    fourth.print(20, 729),
    fourth.print(20, 730, { depositPostcode: '06443' }),
    fourth.print(20, 730, { destinationPostcode: '75034' }),
  ];
  return [...honest, ...rolledBack, step, ...spent, ...odd].flatMap((mark, index) => {
    const mailpieceId = `mail ${index}`;
    const plant = index % 9 === 0 ? 'P3' : 'P1';
    const destination = index % 2 === 1 ? '06443' : null;
    const scan = { mailpieceId, plant, destination, weightGrams: index % 11 === 0 ? 99 : 20 };
    const again = seen(mark, { mailpieceId, plant: 'P3', pass: 'destination' });
    return index % 3 === 0 ? [seen(mark, scan), again] : [seen(mark, scan)];
  });
}

describe('findings over all the evidence', () => {
  it('are the same in any order and batches of arrival', async (test) => {
    const evidence = mixedMail();
    const set = { license: LICENSE, psd: PSD };
    const registry = booksOf({
      refunds: [{ ...set, pieceCount: 2n, amountMills: 730, refundedAtMs: MORNING_MS }],
      rates: [{ rateCategory: 101, weightGramsMax: 28, postageMills: 730, validFromMs: 0, validToMs: 8.64e15 }],
      plants: [
        { plant: 'P1', postcode: HOME },
        { plant: 'P3', postcode: '75034' },
      ],
      withdrawals: [
        {
          ...set,
          psd: PSDS[2] ?? '',
          epoch: 0,
          pieceCount: 3n,
          ascendingMills: 0,
          returnedMills: 1,
          withdrawnAtMs: 8e15,
        },
      ],
    });
    const named = async (arrived: readonly Evidence[], batchScans: number) => {
      const findings = await findingsOf(test, arrived, registry, batchScans);
      // The order within scan_ids is that of arrival; everything else must not depend on it.
      return findings
        .map((finding) => ({ ...finding, scanIds: finding.scanIds.toSorted() }))
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    };
    const expected = await named(evidence, 1_000);
    for (const kind of KINDS) assert.ok(scansNamed(expected, kind).length > 0, `nothing is found of kind ${kind}`);
    const shuffled = fc.shuffledSubarray(evidence, { minLength: evidence.length, maxLength: evidence.length });
    await fc.assert(
      fc.asyncProperty(shuffled, fc.integer({ min: 1, max: 40 }), async (arrived, batchScans) => {
        assert.deepEqual(await named(arrived, batchScans), expected);
      }),
      { numRuns: 15 },
    );
  });
});
