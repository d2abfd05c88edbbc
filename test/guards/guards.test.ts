import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GUARDS } from './guards.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run guards` shows that each guard is missed; this only keeps the list true to the code. */
describe('the guards that the scenarios rest on', () => {
  for (const { scenario, holds, file, text, without, tests } of GUARDS) {
    it(`${scenario}: ${holds}`, () => {
      assert.equal(readFileSync(join(ROOT, file), 'utf8').split(text).length, 2, `${file} has not once: ${text}`);
      assert.notEqual(text, without);
      for (const test of tests) assert.ok(existsSync(join(ROOT, test)), test);
    });
  }

  it('cover repetitions, registers, crashes and storage', () => {
    const numbers = (letter: string, last: number) =>
      Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
    const missing = [...numbers('B', 13), ...numbers('C', 11)].filter(
      (number) => !GUARDS.some(({ scenario }) => scenario === number),
    );
    assert.deepEqual(missing, []);
  });
});
