import assert from 'node:assert/strict';
import { Ajv } from 'ajv';
import type { StoredMessage } from '../../ingest/kafka/client-port.ts';
import { asyncApiDocument } from '../../ingest/kafka/index.ts';
import { jsonLines } from './command-line.ts';

interface Described {
  readonly name: string;
  readonly headers: object;
  readonly payload: object;
}

const ajv = new Ajv({ strict: false, validateFormats: false });
const { components } = JSON.parse(JSON.stringify(asyncApiDocument()));
const messages = new Map(
  Object.values<Described>(components.messages).map(({ name, headers, payload }) => [
    name,
    { headers: ajv.compile(headers), payload: ajv.compile(payload) },
  ]),
);

/** Each message has the headers, and where it is JSON the fields, that the AsyncAPI document says. */
export function assertDescribed(read: readonly StoredMessage[]): void {
  for (const { headers, value } of read) {
    const plain = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)]));
    const described = messages.get(plain.ce_type ?? '');
    assert.ok(described !== undefined, `${plain.ce_type} is not described`);
    assert.ok(described.headers(plain), JSON.stringify(described.headers.errors));
    if (value === null || !/json/.test(plain['content-type'] ?? '')) continue;
    for (const line of jsonLines<unknown>(value.toString())) {
      assert.ok(described.payload(line), JSON.stringify(described.payload.errors));
    }
  }
}
