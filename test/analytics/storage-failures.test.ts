import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ToldError, thrownError, toldError } from '../../analytics/recorder/thread-errors.ts';
import { isStorageFailure } from '../../analytics/store/failures.ts';
import { StoreError } from '../../analytics/store/store-error.ts';

/** As it arrives from another thread. */
function told(error: unknown): Error {
  const copy: ToldError = structuredClone(toldError(error));
  return thrownError(copy);
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: it says what it likes`), { code });
}

const MAY_PASS: readonly [string, Error][] = [
  ['a full disk', errno('ENOSPC')],
  ['a quota', errno('EDQUOT')],
  ['a disk that fails', errno('EIO')],
  ['a disk that became read-only', errno('EROFS')],
  ['a store that another process has open', new StoreError('in any words', 'open-elsewhere', 77)],
  ['a store that is being opened again', new StoreError('in any words', 'reopening')],
  ['what DuckDB says of a full disk', new Error('IO Error: Could not write file "x": No space left on device')],
  [
    'a failure that came of one of these',
    new Error('the ledger', { cause: new Error('outer', { cause: errno('EIO') }) }),
  ],
];

const STAYS: readonly [string, unknown][] = [
  ['a store that is damaged', new StoreError('another process has this store open', 'not-whole')],
  ['a missing file', errno('ENOENT')],
  ['a message that only mentions a code', new Error('ENOSPC is the code of a full disk')],
  ['no error', 'ENOSPC'],
];

describe('a failure to write', () => {
  for (const [what, error] of MAY_PASS) {
    it(`may pass: ${what}, in this thread and from another`, () => {
      assert.equal(isStorageFailure(error), true);
      assert.equal(isStorageFailure(told(error)), true);
    });
  }
  for (const [what, error] of STAYS) {
    it(`stays: ${what}, in this thread and from another`, () => {
      assert.equal(isStorageFailure(error), false);
      assert.equal(isStorageFailure(told(error)), false);
    });
  }

  it('keeps its causes between threads, and ends where they form a circle', () => {
    const circle = new Error('one');
    circle.cause = new Error('two', { cause: circle });
    const arrived = told(circle);
    assert.equal(arrived.cause instanceof Error && arrived.cause.message, 'two');
    assert.equal(isStorageFailure(arrived), false);
  });
});
