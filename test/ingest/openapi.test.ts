import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { indicia } from '../support/command-line.ts';
import { type ServerProcess, serveProcess, suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** As much of an OpenAPI document as says what to send and what comes back. */
const Content = Type.Record(
  Type.String(),
  Type.Object({
    schema: Type.Unknown(),
    examples: Type.Optional(Type.Record(Type.String(), Type.Object({ value: Type.Unknown() }))),
  }),
);
const Operation = Type.Object({
  operationId: Type.String(),
  requestBody: Type.Optional(Type.Object({ content: Content })),
  responses: Type.Record(
    Type.String(),
    Type.Object({ $ref: Type.Optional(Type.String()), content: Type.Optional(Content) }),
  ),
});
const Document = Type.Object({
  paths: Type.Record(Type.String(), Type.Record(Type.String(), Operation)),
  components: Type.Object({ responses: Type.Record(Type.String(), Type.Object({ content: Content })) }),
});
const CheckDocument = Compile(Document);

const DOCUMENT_ID = 'https://indicia.example/openapi.json';
const printed = JSON.parse((await indicia(['openapi'])).stdout);
assert.ok(CheckDocument.Check(printed), JSON.stringify([...CheckDocument.Errors(printed)].slice(0, 5)));
const { paths, components } = printed;
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(printed, DOCUMENT_ID);

interface Example {
  readonly name: string;
  readonly path: string;
  readonly method: string;
  readonly type: string | null;
  readonly body: string | null;
}

/** All examples of bodies, and the operations that have none. */
const examples: Example[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, { operationId, requestBody }]): Example[] => {
    if (requestBody === undefined) return [{ name: operationId, path, method, type: null, body: null }];
    return Object.entries(requestBody.content).flatMap(([type, { examples: named = {} }]) =>
      Object.entries(named).map(([name, { value }]) => {
        const body = typeof value === 'string' ? value : JSON.stringify(value);
        return { name: `${operationId}: ${name}`, path, method, type, body };
      }),
    );
  }),
);

const scope = suiteScope();
let server: ServerProcess;
before(async () => {
  const cwd = await temporaryFolder(scope);
  await indicia(['simulate', '--out', 'day', '--pieces', '100', '--psds', '2', '--licenses', '2'], { cwd });
  const files = ['--registry', join(cwd, 'day/registry'), '--db', join(cwd, 'post.duckdb')];
  server = await serveProcess(scope, [...files, '--no-auth', '--port', '0']);
});

describe('the OpenAPI document', () => {
  it('is one of OpenAPI 3.1, by a validator of other hands', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(printed));
    assert.deepEqual([result.valid, validator.version], [true, '3.1'], JSON.stringify(result.errors));
  });

  it('is what the server gives out', async () => {
    assert.deepEqual(await (await fetch(`${server.url}/openapi.json`)).json(), printed);
  });

  it('has an example of each body of text', () => {
    const bodies = examples.flatMap(({ path, type }) => (type === null ? [] : [`${path} ${type}`]));
    assert.deepEqual(
      [...new Set(bodies)],
      [
        '/v1/verdicts application/json',
        '/v1/verdicts:batch application/json',
        '/v1/verdicts:stream application/x-ndjson',
      ],
    );
  });

  for (const example of examples) {
    it(`runs as it says: ${example.name}`, async () => {
      const { status, type, text } = await send(example);
      assert.equal(status, 200, text);
      assertDocumented(example, status, type, text);
    });
  }

  it('describes what is refused, too', async () => {
    const wrong = { path: '/v1/verdicts', method: 'post', type: 'application/json', body: '{}', name: 'no scan id' };
    const nothing = { path: '/v1/verdicts/{scanId}', method: 'get', type: null, body: null, name: 'unknown' };
    for (const [example, expected] of [
      [wrong, 400],
      [{ ...wrong, type: 'text/plain' }, 415],
      [nothing, 404],
    ] as const) {
      const { status, type, text } = await send(example, 'no such scan');
      assert.equal(status, expected, text);
      assertDocumented(example, status, type, text);
    }
  });
});

/** The first example of a body, so that it can be looked up. */
const SCAN_ID = /"scanId":"([^"]+)"/.exec(examples.find(({ body }) => body !== null)?.body ?? '')?.[1] ?? '';
/** Feeds stay open: what is there at once is enough. */
const FEED_MS = 300;

async function send({ path, method, type, body }: Example, scanId = SCAN_ID) {
  const url = `${server.url}${path.replace('{scanId}', encodeURIComponent(scanId)).replace('{view}', 'scans')}`;
  const response = await fetch(url, {
    method: method.toUpperCase(),
    ...(body !== null && { body }),
    ...(type !== null && { headers: { 'content-type': type } }),
  });
  const contentType = response.headers.get('content-type')?.split(';', 1)[0] ?? '';
  const isFeed = method === 'get' && contentType === 'application/x-ndjson';
  if (isFeed) setTimeout(() => void response.body?.cancel().catch(() => {}), FEED_MS);
  return { status: response.status, type: contentType, text: isFeed ? '' : await response.text() };
}

function assertDocumented({ path, method }: Example, status: number, type: string, text: string): void {
  const response = paths[path]?.[method]?.responses[String(status)];
  const name = response?.$ref?.split('/').at(-1);
  const content = name === undefined ? response?.content : components.responses[name]?.content;
  const media = content?.[type];
  assert.ok(media !== undefined, `${method} ${path} ${status} ${type} is not documented`);
  const validate = ajv.compile(absolute(media.schema));
  const values: unknown[] = type.includes('ndjson')
    ? text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : [type.includes('json') ? JSON.parse(text) : text];
  for (const value of values) assert.ok(validate(value), `${JSON.stringify(validate.errors)} of ${text}`);
}

/** References within the document, seen from outside of it. */
function absolute(schema: unknown): object {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${DOCUMENT_ID}#/`);
  return JSON.parse(text);
}
