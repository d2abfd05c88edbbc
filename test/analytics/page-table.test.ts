import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PageTable } from '../../analytics/sightings/page-table.ts';

const number = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: 0n, max: 2n ** 58n - 1n }),
);
const step = fc.record({ act: fc.constantFrom('set', 'set', 'set', 'delete'), number, entry: fc.integer({ min: 1 }) });

describe('a page table', () => {
  it('holds what a map would, whatever the numbers and their order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const table = new PageTable();
        const model = new Map<bigint, number>();
        for (const { act, number: page, entry } of steps) {
          if (act === 'set') {
            table.set(page, entry);
            model.set(page, entry);
          } else {
            table.delete(page);
            model.delete(page);
          }
          for (const [known, expected] of model) assert.equal(table.get(known), expected);
          assert.equal(table.get(page), model.get(page) ?? 0);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('still finds a page that stood apart until its set had grown up to it', () => {
    const table = new PageTable();
    for (const page of [0n, 200n]) table.set(page, Number(page) + 1);
    for (let page = 1n; page < 300n; page += 50n) table.set(page, 7);
    assert.equal(table.get(200n), 201);
    table.set(200n, 9);
    assert.equal(table.get(200n), 9);
    table.delete(200n);
    assert.equal(table.get(200n), 0);
  });

  it('tells neighbors beyond 2^53 apart', () => {
    const table = new PageTable();
    for (let offset = 0; offset < 8; offset++) table.set(2n ** 53n + BigInt(offset), offset + 1);
    for (let offset = 0; offset < 8; offset++) assert.equal(table.get(2n ** 53n + BigInt(offset)), offset + 1);
  });
});
