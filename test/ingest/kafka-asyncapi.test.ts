import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { asyncApiDocument, TOPICS } from '../../ingest/kafka/index.ts';
import { EVENT_TYPES } from '../../ingest/kafka/messages/cloud-events.ts';

const published: unknown = JSON.parse(readFileSync(new URL('../../docs/asyncapi.json', import.meta.url), 'utf8'));

describe('docs/asyncapi.json', () => {
  it("is what 'indicia kafka asyncapi' prints", () => {
    assert.deepEqual(published, JSON.parse(JSON.stringify(asyncApiDocument())));
  });

  it('is an AsyncAPI 3 document', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
    const isDocument = ajv.compile(Object(specs.schemasWithoutId['3.0.0']));
    assert.ok(isDocument(published), JSON.stringify(isDocument.errors?.slice(0, 3)));
    assert.equal(isDocument({ ...Object(published), asyncapi: '2.6.0' }), false);
  });

  it('has every topic, and every kind of message', () => {
    const { channels, components } = JSON.parse(JSON.stringify(published));
    assert.deepEqual(
      Object.keys(channels),
      TOPICS.map(({ name }) => name),
    );
    const types = Object.values<{ name: string }>(components.messages).map(({ name }) => name);
    assert.deepEqual(types.toSorted(), Object.values(EVENT_TYPES).toSorted());
  });
});
