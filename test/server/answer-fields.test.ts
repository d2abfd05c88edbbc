import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fieldsAt, fieldsOf } from '../../server/sorter/answer-fields.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { markBytes, packed, SmallWorld } from '../support/marks.ts';

const REGISTRY = packed(new SmallWorld(1, 1).records);
const anyPayload = fc.oneof(
  markBytes,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

describe('the fields of an answer', () => {
  it('are the same of columns as of the payload, for any mark', () => {
    fc.assert(
      fc.property(fc.array(anyPayload, { minLength: 1, maxLength: 5 }), (payloads) => {
        const scans = payloads.map((payload) => scanOf({ mark: { kind: 'payload', payload } }));
        const readings = readingColumnsOf(scans, REGISTRY);
        for (const [row, payload] of payloads.entries()) assert.deepEqual(fieldsAt(readings, row), fieldsOf(payload));
      }),
    );
  });
});
