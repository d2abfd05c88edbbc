import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { detect, readCases, Store, StoreReader } from '../../analytics/index.ts';
import { PLANT_WORDS } from '../../analytics/store/schema/finding-schema.ts';
import type { Finding, Scan } from '../../indicium/index.ts';
import { booksOf, HOME, LICENSE, Registers, seen } from '../support/books.ts';
import { type Evidence, recordEvidence } from '../support/evidence.ts';
import { temporaryFolder } from '../support/temporary.ts';

const ELSEWHERE = '10001';
const RATE = { rateCategory: 101, weightGramsMax: 20, postageMills: 730, validFromMs: 0, validToMs: 8.64e15 };
const BOOKS = booksOf({
  rates: [RATE],
  plants: [
    { plant: HOME, postcode: HOME },
    { plant: ELSEWHERE, postcode: ELSEWHERE },
  ],
});

/** Findings of a kind and the score of their case, after a look at this evidence. */
async function told(test: TestContext, kind: string, evidence: readonly Evidence[]) {
  const path = join(await temporaryFolder(test), 'store.duckdb');
  const store = await Store.open(path);
  await store.setRegistry(BOOKS);
  await recordEvidence(store, evidence, 'ndjson:/data/scans.ndjson', null);
  await detect(store);
  store.close();
  const reader = await StoreReader.open(path);
  const findings = (await Array.fromAsync(reader.findings())).filter((one) => one.kind === kind);
  const cases = (await Array.fromAsync(readCases(reader))).filter(({ kinds }) => kinds.includes(kind));
  reader.close();
  assert.equal(findings.length, 1, JSON.stringify(findings));
  const [finding] = findings;
  return { finding: finding ?? assert.fail(), score: cases[0]?.score ?? 0, broughtBy: cases[0]?.broughtBy ?? [] };
}

/** Two scans, by the same plant or by two, that differ from honest ones in what a plant wrote down. */
const RECORDS: Readonly<Record<string, (plant: string) => Evidence>> = {
  'short-postage': (plant) => seen(registers.print(1), { plant, pass: 'transit', weightGrams: 500 }),
  'wrong-destination': (plant) => seen(registers.print(1), { plant, pass: 'transit', destination: '99999' }),
  'stale-date': (plant) =>
    seen(registers.print(1), { plant, pass: 'transit', scannedAtMs: Date.UTC(2027, 5, 1) }, 'date-anomaly'),
  'future-date': (plant) =>
    seen(registers.print(1), { plant, pass: 'transit', scannedAtMs: Date.UTC(2025, 5, 1) }, 'date-anomaly'),
};
let registers = new Registers();

function both(kind: string, plants: readonly [string, string]): Evidence[] {
  registers = new Registers();
  return plants.map((plant) => RECORDS[kind]?.(plant) ?? assert.fail(kind));
}

describe('a finding that rests on what a plant wrote down', () => {
  for (const kind of Object.keys(RECORDS)) {
    it(`says so, and weighs half, where one plant alone says it: ${kind}`, async (test) => {
      const one = await told(test, kind, both(kind, [HOME, HOME]));
      assert.equal(one.finding.wordOf, `plant ${HOME}`);
      assert.match(one.finding.detail, new RegExp(`Only plant ${HOME} says so, by ${PLANT_WORDS[kind]}\\.$`));
      const two = await told(test, kind, both(kind, [HOME, ELSEWHERE]));
      assert.equal(two.finding.wordOf, null);
      assert.doesNotMatch(two.finding.detail, /says so/);
      assert.equal(one.score, Math.floor(two.score / 2));
      assert.ok(one.score > 0);
    });
  }

  it('of a place says so unless the mark names another town itself', async (test) => {
    registers = new Registers();
    const entered = { plant: ELSEWHERE, pass: 'origin' } as const;
    const byPlant = await told(test, 'wrong-town', [seen(registers.print(1), entered)]);
    assert.equal(byPlant.finding.wordOf, `plant ${ELSEWHERE}`);
    const byMark = await told(test, 'wrong-town', [
      seen(registers.print(2, 730, { depositPostcode: ELSEWHERE }), entered),
    ]);
    assert.equal(byMark.finding.wordOf, null);
  });

  it('names the one who brought the scans where no plant is named', async (test) => {
    registers = new Registers();
    const nameless: Partial<Scan> = { plant: null, weightGrams: 500, sender: '0123456789ab' };
    const { finding, broughtBy } = await told(test, 'short-postage', [seen(registers.print(1), nameless)]);
    assert.deepEqual(
      [finding.wordOf, finding.broughtBy, broughtBy],
      ['0123456789ab', ['0123456789ab'], ['0123456789ab']],
    );
  });

  it('is not such a finding where the price in the mark is too low', async (test) => {
    registers = new Registers();
    const { finding } = await told(test, 'short-postage', [seen(registers.print(1, 10), { plant: HOME })]);
    assert.equal(finding.wordOf, null);
  });
});

it('a finding that marks prove rests on nobody, and names the file that its scans came from', async (test) => {
  registers = new Registers();
  const mark = registers.print(1);
  const copies: Evidence[] = [seen(mark, { mailpieceId: 'a' }), seen(mark, { mailpieceId: 'b' })];
  const { finding }: { finding: Finding } = await told(test, 'copy', copies);
  assert.deepEqual([finding.wordOf, finding.broughtBy], [null, ['ndjson:/data/scans.ndjson']]);
  assert.equal(finding.license, LICENSE);
});
