import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { booksOf, type MarkChange, Registers, seen } from '../support/books.ts';
import { findingsOf, scansNamed } from '../support/findings.ts';

const NEW_YEAR_MS = Date.UTC(2027, 0, 1);
const RATE = { rateCategory: 101, weightGramsMax: 28, postageMills: 730, validFromMs: 0, validToMs: 8.64e15 };
const RATES = [
  RATE,
  { ...RATE, rateCategory: 102, postageMills: 500, validToMs: NEW_YEAR_MS },
  { ...RATE, rateCategory: 201, postageMills: 1_500 },
];
const REGISTRY = booksOf({ rates: RATES });

const registers = new Registers();
const piece = (postageMills: number, rateCategory: number, change: MarkChange = {}) =>
  seen(registers.print(0, postageMills, { rateCategory, ...change }), { weightGrams: 500 });

describe('the unknown-rate detector', () => {
  const inNewYear = { printedAtMs: NEW_YEAR_MS };
  const cases = [
    ['1 mill for 500 grams in category 999', piece(1, 999), 'medium'],
    ['a mill below every rate', piece(499, 999), 'medium'],
    ['a category that no list has, at the price of another', piece(500, 999), 'low'],
    ['a category that no list has, dearly paid', piece(90_000, 999), 'low'],
    ['a known category', piece(730, 101), null],
    ['a known category, paid short, which short-postage tells', piece(1, 101), null],
    ['a category that is not in force any more, at a price in force', piece(730, 102, inNewYear), null],
    ['a category that is not in force any more, below every price in force', piece(729, 102, inNewYear), 'medium'],
    ['a date before all rates', piece(1, 999, { printedAtMs: -1 }), null],
  ] as const;
  for (const [what, evidence, severity] of cases) {
    it(`${what}: ${severity ?? 'nothing'}`, async (test) => {
      const findings = (await findingsOf(test, [evidence], REGISTRY)).filter(({ kind }) => kind === 'unknown-rate');
      assert.deepEqual(
        findings.map((finding) => [finding.severity, finding.scanIds]),
        severity === null ? [] : [[severity, [evidence.scan.scanId]]],
      );
    });
  }

  it('is silent where the registry has no rates at all', async (test) => {
    const findings = await findingsOf(test, [piece(1, 999)], booksOf());
    assert.deepEqual(scansNamed(findings, 'unknown-rate'), []);
  });

  it('tells how many of the pieces pay less than every rate', async (test) => {
    const findings = await findingsOf(test, [piece(1, 999), piece(730, 999)], REGISTRY);
    const detail = findings.find(({ kind }) => kind === 'unknown-rate')?.detail ?? '';
    assert.match(
      detail,
      /2 scanned pieces under license 1000 with a rate category that has no rate; paying less .*: 1\.$/,
    );
  });

  it('looks at genuine marks only', async (test) => {
    const forged = seen(registers.print(0, 1, { rateCategory: 999 }), {}, 'forged');
    assert.deepEqual(scansNamed(await findingsOf(test, [forged], REGISTRY), 'unknown-rate'), []);
  });
});
