import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { JSON_BODY_BYTES_MAX, STREAM_LINE_BYTES_MAX } from '../../server/limits.ts';
import {
  fuzzed,
  hostileBytes,
  hostileLine,
  hostileRecord,
  hostileText,
  largeLine,
  mangled,
  shortText,
  sizesAround,
} from '../support/hostile-inputs.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { type LocalServer, postJson, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';

/** Bytes of an answer about one scan or problem, however much was sent. */
const ANSWER_CHARS_MAX = 4_000;
const STATUSES = [200, 400, 409, 413, 415];

describe('a server that is sent anything', () => {
  const scope = suiteScope();
  let server: LocalServer;
  before(async () => {
    server = await serverIn(scope);
  });

  /** The honest are answered, and no exception was hidden behind an answer. */
  const isWell = async () => {
    const answer = await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    assert.equal(JSON.parse(await answer.text()).disposition, 'accept');
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /^indicia_reader_exceptions_total 0$/m, server.log().slice(-2_000));
    assert.doesNotMatch(server.log(), /"level":(?:50|60)/);
  };

  const post = async (
    type: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
    path = '/v1/verdicts',
  ) => {
    const sent = { method: 'POST', headers: { 'content-type': type, 'indicia-request': '1', ...headers }, body };
    const response = await fetch(`${server.url}${path}`, sent);
    const text = await response.text();
    assert.ok(STATUSES.includes(response.status), `${response.status}: ${text}`);
    return text;
  };
  const isBounded = (text: string) => assert.ok(text.length < ANSWER_CHARS_MAX, `${text.length} characters`);

  it('answers every body of JSON', async () => {
    await fc.assert(
      fc.asyncProperty(hostileLine, async (line) => isBounded(await post('application/json', line))),
      fuzzed(120),
    );
    await isWell();
  });

  it('answers for every scan of a batch', async () => {
    const scans = fc.array(hostileRecord, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          scans.map((all) => JSON.stringify({ scans: all })),
          mangled(scans.map((all) => JSON.stringify({ scans: all }))),
        ),
        async (body) => {
          const answer = JSON.parse(await post('application/json', body, {}, '/v1/verdicts:batch'));
          if (answer.verdicts === undefined) return;
          assert.equal(answer.verdicts.length, JSON.parse(body).scans.length);
        },
      ),
      fuzzed(60),
    );
    await isWell();
  });

  it('answers every line of a stream, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileLine, { maxLength: 12 }), async (lines) => {
        const stream = await openStream(server.url);
        const honest = sentScan(server.world.frank());
        stream.send(...lines, honest);
        stream.request.end();
        const answers = await stream.rest();
        const expected =
          lines.filter(
            (line) =>
              line
                .toWellFormed()
                .replace(/^\u{feff}/u, '')
                .trim() !== '',
          ).length + 1;
        assert.equal(answers.length, expected);
        assert.deepEqual([answers.at(-1)?.scanId, answers.at(-1)?.disposition], [honest.scanId, 'accept']);
        for (const answer of answers) isBounded(JSON.stringify(answer));
      }),
      fuzzed(25),
    );
    await isWell();
  });

  it('answers lines and bodies of every length around its bounds', async () => {
    const stream = await openStream(server.url);
    for (const size of sizesAround(STREAM_LINE_BYTES_MAX).slice(0, 4)) {
      for (const filler of ['A', '\\"', ' ']) {
        stream.send(
          `{"scanId":"line ${size} ${filler.charCodeAt(0)}","x":"${filler.repeat(Math.floor((size - 40) / filler.length))}"}`,
        );
        const [answer = {}] = await stream.next(1);
        isBounded(JSON.stringify(answer));
        assert.match(JSON.stringify(answer.reasons), /scan-malformed/);
      }
    }
    stream.request.end();
    for (const size of sizesAround(JSON_BODY_BYTES_MAX).slice(0, 3)) {
      const [head, tail] = [`{"scanId":"body ${size}","x":"`, '"}'];
      isBounded(await post('application/json', head + 'é'.repeat((size - head.length - tail.length) / 2) + tail));
    }
    await isWell();
  });

  it('answers records of which one field is as long as what broke it', async () => {
    await fc.assert(
      fc.asyncProperty(largeLine, async (line) => isBounded(await post('application/json', line))),
      fuzzed(8),
    );
    await isWell();
  });

  it('answers every multipart body, whole or not', async () => {
    const part = fc.tuple(fc.oneof(fc.constantFrom('scan', 'image', 'payload'), shortText), hostileBytes);
    const body = fc.tuple(fc.array(part, { maxLength: 10 }), fc.nat(), fc.boolean()).map(([parts, cut, isWhole]) => {
      const text = parts.map(
        ([name, bytes]) =>
          `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${bytes.toString('latin1')}\r\n`,
      );
      const whole = `${text.join('')}--b--`;
      return Uint8Array.from(Buffer.from(isWhole ? whole : whole.slice(0, cut % whole.length), 'latin1'));
    });
    const boundary = fc.oneof(
      { weight: 8, arbitrary: fc.constant('b') },
      hostileText.map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 8_000)),
    );
    await fc.assert(
      fc.asyncProperty(body, boundary, async (bytes, name) =>
        isBounded(await post(`multipart/form-data; boundary=${name}`, bytes)),
      ),
      fuzzed(120),
    );
    await isWell();
  });

  it('answers every payload with any headers', async () => {
    const value = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '/', '"', '1', '\u007f', '-'), maxLength: 300 });
    const headers = fc.dictionary(
      fc.constantFrom(
        'indicia-plant',
        'indicia-weight-grams',
        'indicia-deadline-ms',
        'indicia-scanned-at',
        'indicia-pass',
        'indicia-machine',
      ),
      value,
    );
    await fc.assert(
      fc.asyncProperty(hostileBytes, value, headers, async (bytes, scanId, more) => {
        const lines = Object.entries({ 'indicia-scan-id': scanId, ...more }).map(([name, text]) => `${name}: ${text}`);
        const head = [
          'POST /v1/verdicts HTTP/1.1',
          'host: localhost',
          'connection: close',
          'content-type: application/octet-stream',
          `content-length: ${bytes.length}`,
          ...lines,
        ];
        assert.match(
          await said(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'utf8'), bytes),
          /^HTTP\/1\.1 (?:200|400|409|413) /,
        );
      }),
      fuzzed(80),
    );
    await isWell();
  });

  it('answers every address, query and authorization, in a few words', async () => {
    const path = fc.oneof(
      hostileText.map((text) => encodeURIComponent(text.toWellFormed())),
      fc.stringMatching(/^[%\w?&=/.:;-]{0,300}$/),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('v1/verdicts/', 'v1/evidence/', '', 'v1/verdicts/a?'),
        path,
        hostileText,
        async (before, rest, token) => {
          const lines = [
            `GET /${before}${rest.slice(0, 12_000)} HTTP/1.1`,
            'host: localhost',
            'connection: close',
            `authorization: Bearer ${token.replaceAll(/[^\x21-\x7e]/g, 'x').slice(0, 3_000)}`,
          ];
          const answer = await said(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
          assert.match(answer, /^HTTP\/1\.1 (?:200|400|404|405|409|414) /);
          if (!answer.includes('openapi')) isBounded(answer);
        },
      ),
      fuzzed(120),
    );
    await isWell();
  });

  function said(...parts: readonly Buffer[]): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    for (const part of parts) socket.write(part);
    return promise;
  }
});
