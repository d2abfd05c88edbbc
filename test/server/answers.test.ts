import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAnswerOf } from '../../server/sorter/answers.ts';

describe('an answer given again', () => {
  const stored = {
    scanId: 'a',
    plant: '06484',
    disposition: 'divert',
    reasons: ['forged'],
    payload: null,
    trustVersion: 1,
    policyVersion: 1,
    findingIds: [],
    extra: null,
    unchecked: [],
  } as const;

  it('says what was done with the piece then, whatever the policy says now', () => {
    const now = { version: 2, dispositions: { forged: 'manual' } } as const;
    const then = storedAnswerOf(stored, null, now);
    assert.ok('disposition' in then);
    assert.deepEqual([then.disposition, then.reasons[0]?.treatment, then.policyVersion], ['divert', 'divert', 1]);
    const same = storedAnswerOf({ ...stored, policyVersion: 2, disposition: 'manual' }, null, now);
    assert.ok('disposition' in same);
    assert.equal(same.reasons[0]?.treatment, 'manual');
  });
});
