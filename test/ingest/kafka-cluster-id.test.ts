import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { newClusterId } from '../../commands/kafka/trial-broker/cluster-id.ts';

describe('the id of a new cluster', () => {
  it("is sixteen bytes, and is never taken for an option by Kafka's own tools", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        assert.match(
          newClusterId(() => Buffer.from(bytes)),
          /^[A-Za-z][A-Za-z0-9_-]{21}$/,
        );
      }),
      { numRuns: 2_000, examples: [[Uint8Array.of(0xf8, ...Array(15).fill(0))]] },
    );
  });
});
