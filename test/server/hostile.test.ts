import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type ProblemCode, ProblemError } from '../../api/problems.ts';
import { BodyBudget, readBody } from '../../server/body.ts';
import { BODIES_BYTES_MAX, HEADERS_MS_MAX, JSON_DEPTH_MAX, REQUEST_MS_MAX } from '../../server/limits.ts';
import { excessOf } from '../../server/sorter/json-bounds.ts';
import { parseMultipart } from '../../server/sorter/multipart.ts';
import { HOSTILE_IMAGES } from '../support/hostile-images.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { type LocalServer, postJson, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** What a server says to bytes that are sent as they are, until it ends the connection or has answered once. */
function exchange(url: string, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1');
    if (/\r\n\r\n.*\}$/s.test(said)) socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(said));
  for (const part of parts) socket.write(part);
  return promise;
}

/** What a server says until it closes the connection by itself, however much was answered before. */
function untilClosed(url: string, ...parts: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  for (const part of parts) socket.write(part);
  const closed = once(socket, 'close').then(() => said);
  const open = sleep(2 * HEADERS_MS_MAX, 'still open', { ref: false });
  return Promise.race([closed, open]).finally(() => socket.destroy());
}

const head = (...lines: string[]) => `POST /v1/verdicts HTTP/1.1\r\nhost: localhost\r\n${lines.join('\r\n')}\r\n\r\n`;
const JSON_TYPE = 'content-type: application/json';

/** Texts that have broken parsers, terminals, pages and databases before. */
const NAUGHTY = [
  'null',
  'undefined',
  '-0',
  'NaN',
  "1' or '1'='1",
  '"; drop table evidence; --',
  '<script>alert(1)</script>',
  '#{7*7}',
  '../../etc/passwd',
  '=cmd|calc!A0',
  '\u0000',
  '\u{feff}x',
  '\u202etxt',
  '\ud800',
  'Z\u0351\u032b\u0343a\u036dl\u0338g\u0308o',
  '👩‍👩‍👧‍👦',
  '%s%n%x',
  '\r\nset-cookie: a=b',
  '__proto__',
  '\\',
];

describe('a server among hostile clients', () => {
  let server: LocalServer;
  const scope = suiteScope();
  before(async () => {
    server = await serverIn(scope);
  });
  const post = (change: Record<string, unknown>) => postJson(server.url, '/v1/verdicts', sentScan(null, change));
  const isWell = async () => {
    const answer = await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    assert.equal(JSON.parse(await answer.text()).disposition, 'accept');
  };

  it('takes any text in any field as text', async () => {
    for (const text of NAUGHTY) {
      const scanId = `${text} ${Math.trunc(performance.now() * 1e3)}`;
      const fields = { scanId, mailpieceId: text, destination: text, machine: text, pass: text, [text]: text };
      const response = await post(fields);
      const answer = JSON.parse(await response.text());
      const expected = text.isWellFormed() ? [200, scanId] : [400, undefined];
      assert.deepEqual([response.status, answer.scanId], expected, JSON.stringify(text));
    }
    await isWell();
  });

  it('answers whatever JSON it is sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 6 }), fc.boolean(), async (json, isScan) => {
        const sent = isScan ? `{"scanId":"fuzz","payload":${json},"weightGrams":${json},"frame":${json}}` : json;
        const { status } = await postJson(server.url, '/v1/verdicts', sent);
        assert.ok([200, 400, 409].includes(status), `${status}: ${sent}`);
      }),
      { numRuns: 60 },
    );
    const nested = (levels: number) => `{"scanId":"deep","a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    assert.equal((await postJson(server.url, '/v1/verdicts', nested(JSON_DEPTH_MAX - 1))).status, 200);
    const refused = JSON.parse(await (await postJson(server.url, '/v1/verdicts', nested(3_000_000))).text());
    assert.match(refused.detail, /more than 64 levels/);
    const stream = await openStream(server.url);
    stream.send(nested(1_000_000));
    const wide = (keys: number) =>
      `{"scanId":"wide"${Array.from({ length: keys }, (_, key) => `,"k${key}":0`).join('')}}`;
    stream.send(wide(500_000));
    const answers = await stream.next(2);
    for (const { reasons, scanId } of answers) {
      assert.match(JSON.stringify(reasons), /"scan-malformed"/);
      assert.match(String(scanId), /^http-stream:/, 'its own was not even looked for');
    }
    stream.request.destroy();
    const many = JSON.parse(await (await postJson(server.url, '/v1/verdicts', wide(700_000))).text());
    assert.match(many.detail, /more than 10000 values/);
    const batch = await postJson(server.url, '/v1/verdicts:batch', `{"scans":[${wide(700_000)}]}`);
    assert.match(JSON.parse(await batch.text()).detail, /more than 100000 values/);
    await isWell();
  });

  it('answers for pictures that are bombs, broken, odd or none as for those in files', async () => {
    // The readers are shown all of them; what comes over HTTP differs in how it gets to them.
    const some = HOSTILE_IMAGES.filter(([name]) => /claims|thin|nothing|noise|called|svg/.test(name));
    assert.ok(some.length > 10);
    for (const [name, expected, make] of some) {
      const headers = { 'content-type': 'image/png', 'indicia-scan-id': name };
      const body = Uint8Array.from(await make());
      const answer = JSON.parse(
        await (await fetch(`${server.url}/v1/verdicts`, { method: 'POST', headers, body })).text(),
      );
      assert.ok(Array.isArray(answer.reasons), `${name}: ${JSON.stringify(answer)}`);
      const reasons = answer.reasons.map(({ code }: { code: string }) => code);
      // A mark that can be read is of a post whose keys this server does not have.
      if (expected === 'read') assert.ok(answer.fields !== null, name);
      else assert.deepEqual([answer.disposition, reasons], ['manual', [expected]], name);
    }
    await isWell();
  });

  it('refuses bodies that are too large, with and without saying so first', async () => {
    const tenMegabytes = 'x'.repeat(10 * 1024 * 1024);
    assert.equal((await postJson(server.url, '/v1/verdicts', tenMegabytes)).status, 400, 'large, but no JSON');
    const announced = await exchange(server.url, head(JSON_TYPE, 'content-length: 99999999999'));
    assert.match(announced, /^HTTP\/1\.1 413 [\s\S]*"code":"body-too-large"/);
    const payload = await fetch(`${server.url}/v1/verdicts`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', 'indicia-scan-id': 'large' },
      body: Buffer.alloc(65 * 1024),
    });
    assert.equal(payload.status, 413);
    const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    const chunked = await exchange(server.url, head(JSON_TYPE, 'transfer-encoding: chunked'), chunk.repeat(13));
    assert.match(chunked, /^HTTP\/1\.1 413 /);
    const headers = await exchange(server.url, head(JSON_TYPE, `x: ${'y'.repeat(20_000)}`));
    assert.match(headers, /^HTTP\/1\.1 413 /);
    await isWell();
  });

  it('ends connections that do not speak HTTP as they should', async () => {
    const scan = JSON.stringify(sentScan(null));
    const cases: [string, (string | Buffer)[], RegExp][] = [
      [
        'no HTTP',
        ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
        /^HTTP\/1\.1 400 [\s\S]*"code":"bad-request"/,
      ],
      ['invalid chunks', [head(JSON_TYPE, 'transfer-encoding: chunked'), 'zz\r\nnonsense\r\n'], /^HTTP\/1\.1 400 |^$/],
      ['two lengths', [head(JSON_TYPE, 'content-length: 5', 'content-length: 6'), '{"a":1}'], /^HTTP\/1\.1 400 /],
      [
        'a length and chunks',
        [head(JSON_TYPE, 'content-length: 4', 'transfer-encoding: chunked'), '0\r\n\r\n'],
        /^HTTP\/1\.1 400 /,
      ],
      ['a negative length', [head(JSON_TYPE, 'content-length: -1'), '{}'], /^HTTP\/1\.1 400 /],
      [
        'a header twice',
        [
          head(
            'content-type: application/octet-stream',
            'indicia-scan-id: a',
            'indicia-scan-id: b',
            'content-length: 0',
          ),
        ],
        /^HTTP\/1\.1 400 [\s\S]*indicia-scan-id is there more than once/,
      ],
      ['a short length', [head(JSON_TYPE, `content-length: ${scan.length - 3}`), scan], /^HTTP\/1\.1 400 /],
      ['an invalid path', ['GET /v1/verdicts/%zz HTTP/1.1\r\nhost: localhost\r\n\r\n'], /^HTTP\/1\.1 400 /],
    ];
    for (const [name, parts, answer] of cases) assert.match(await exchange(server.url, ...parts), answer, name);
    await isWell();
  });

  it('closes a connection whose request never comes whole, behind its answer', async () => {
    const promised = (line: string) => `${line} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n`;
    await Promise.all(
      [
        ['GET /livez', 200],
        ['GET /openapi.json', 200],
        ['GET /metrics', 200],
        ['GET /v1/verdicts/none', 404],
        ['GET /nowhere', 404],
        ['PUT /livez', 405],
        ['GET /v1/verdicts/%zz', 400],
      ].map(async ([line, status]) => {
        const said = await untilClosed(server.url, promised(String(line)));
        assert.match(said, new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*connection: close`, 'i'), String(line));
      }),
    );
    const whole = await exchange(server.url, `${promised('GET /livez')}123456789`);
    assert.match(whole, /^HTTP\/1\.1 200 [\s\S]*connection: keep-alive/i, 'a body that is there holds nothing up');
  });

  it('lets a body come that it has refused, so that its sender gets to the answer', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const body = Buffer.alloc(1024 * 1024);
    socket.write(head('content-type: text/plain', `content-length: ${body.length}`));
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 415 /);
    socket.end(body);
    // An error, where the connection was closed under the body.
    await once(socket, 'close');
  });

  it('writes nothing but answers on a connection that then sends nonsense', async () => {
    const scan = `${JSON.stringify(sentScan(server.world.frank()))}\n`;
    const stream = ['POST /v1/verdicts:stream HTTP/1.1', 'host: localhost', 'content-type: application/x-ndjson'].join(
      '\r\n',
    );
    const chunk = `${scan.length.toString(16)}\r\n${scan}\r\n`;
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let said = '';
    socket.on('data', (data) => {
      said += data;
      if (said.includes('"accept"')) socket.write('zz\r\nnonsense\r\n');
    });
    socket.on('error', () => {});
    socket.write(`${stream}\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`);
    await once(socket, 'close');
    assert.equal(said.match(/HTTP\/1\.1/g)?.length, 1, said);
    const one = JSON.stringify(sentScan(server.world.frank()));
    const said2 = await untilClosed(server.url, head(JSON_TYPE, `content-length: ${one.length}`), `${one}nonsense`);
    assert.match(said2, /^HTTP\/1\.1 200 [\s\S]*"accept"/, 'a whole request keeps its answer');
    assert.equal(said2.match(/HTTP\/1\.1/g)?.length, 1, said2);
  });

  it('refuses what it would misunderstand: compressed bodies, and headers that are not text', async () => {
    const gzip = { 'content-encoding': 'gzip' };
    for (const [path, type] of [
      ['/v1/verdicts', 'application/json'],
      ['/v1/verdicts:batch', 'application/json'],
      ['/v1/verdicts:stream', 'application/x-ndjson'],
    ] as const) {
      assert.equal((await postJson(server.url, path, '{}', { ...gzip, 'content-type': type })).status, 415, path);
    }
    const plain = await postJson(server.url, '/v1/verdicts', sentScan(null), { 'content-encoding': 'identity' });
    assert.equal(plain.status, 200);
    const idOf = async (id: string) => {
      const sent = head('content-type: application/octet-stream', `indicia-scan-id: ${id}`, 'content-length: 0');
      return exchange(server.url, Buffer.from(sent, 'latin1'));
    };
    assert.match(await idOf('Z\xfcrich'), /^HTTP\/1\.1 400 [\s\S]*indicia-scan-id is not UTF-8/);
    const encoded = Buffer.from('Zürich').toString('latin1');
    assert.ok((await idOf(encoded)).includes(encoded), 'UTF-8 is taken, and given back');
  });

  it('refuses multipart bodies that are invalid, or have what is not meant', async () => {
    const send = async (contentType: string, body: string) => {
      const options = { method: 'POST', headers: { 'content-type': contentType, 'indicia-request': '1' }, body };
      return (await fetch(`${server.url}/v1/verdicts`, options)).status;
    };
    const part = (name: string, text: string) =>
      `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
    const form = 'multipart/form-data; boundary=b';
    const scan = part('scan', '{"scanId":"in parts"}');
    assert.equal(await send(form, `${scan}--b--`), 200);
    assert.equal(await send('multipart/form-data', `${scan}--b--`), 400, 'without boundary');
    assert.equal(await send(form, scan), 400, 'without end');
    assert.equal(await send(form, `${scan}${scan}--b--`), 400, 'twice the same part');
    assert.equal(await send(form, `${part('image', 'x')}--b--`), 400, 'without scan');
    assert.equal(await send(form, `${part('scan', '[]')}--b--`), 400);
    assert.equal(await send(form, `${part('scan', '{"scanId":"a","payload":"AA=="}')}--b--`), 400);
    assert.equal(await send(form, `${scan.repeat(9)}--b--`), 400, 'too many parts');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseMultipart(Buffer.from(bytes), form);
        } catch (error) {
          assert.ok(error instanceof ProblemError);
        }
      }),
    );
    await isWell();
  });

  it('answers everybody while 500 connections send a byte a second, and cuts those off', async (test) => {
    const folder = await temporaryFolder(test);
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=x'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
    const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile), clientCa: null };
    const secured = await serverIn(test, { tls });
    let halfOpen = 0;
    const handshakes: Socket[] = [];
    for (const hello of ['', '\x16\x03\x01\x00\xc8\x01']) {
      const socket = connect(Number(new URL(secured.url).port), '127.0.0.1');
      halfOpen += 1;
      socket.on('error', () => {});
      socket.on('close', () => {
        halfOpen -= 1;
      });
      socket.write(Buffer.from(hello, 'latin1'));
      handshakes.push(socket);
    }
    const port = Number(new URL(server.url).port);
    let cut = 0;
    const opened = performance.now();
    const sockets = Array.from({ length: 500 }, (_, number): Socket => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.on('data', () => {});
      socket.on('close', () => {
        cut += 1;
      });
      // Some are slow in the head of their request, some in its body.
      const start = head(JSON_TYPE, 'content-length: 1000', 'x-slow: y');
      socket.write(number % 5 === 0 ? start : start.trimEnd());
      return socket;
    });
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('x');
    }, 1_000);
    let answered = 0;
    while ((cut < 400 || halfOpen > 0) && performance.now() - opened < 6 * HEADERS_MS_MAX) {
      const response = await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
      assert.equal(response.status, 200);
      answered += 1;
      await sleep(5);
    }
    clearInterval(drip);
    for (const socket of [...sockets, ...handshakes]) socket.destroy();
    assert.equal(cut, 400, 'those whose head did not come to an end');
    assert.equal(halfOpen, 0, 'nor their TLS handshake');
    assert.ok(answered > 100, `${answered} honest scans were answered meanwhile`);
  });
});

describe('the size of JSON', () => {
  const sizeOf = (value: unknown): { levels: number; values: number } => {
    if (typeof value !== 'object' || value === null) return { levels: 0, values: 0 };
    const parts = Object.values(value).map(sizeOf);
    return {
      levels: 1 + Math.max(0, ...parts.map(({ levels }) => levels)),
      values: Math.max(1, parts.length) + parts.reduce((total, { values }) => total + values, 0),
    };
  };

  it('is known before it is parsed, whatever stands in its texts', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.string(), (value, text) => {
        for (const json of [value, [value, { [text]: [text, '[{"\\'] }]]) {
          const bytes = Buffer.from(JSON.stringify(json));
          const { levels, values } = sizeOf(json);
          assert.equal(excessOf(bytes, { levelsMax: levels, valuesMax: values }), null);
          if (levels === 0) continue;
          assert.equal(excessOf(bytes, { levelsMax: levels - 1, valuesMax: values }), 'levels');
          assert.equal(excessOf(bytes, { levelsMax: levels, valuesMax: values - 1 }), 'values');
        }
      }),
    );
  });
});

describe('the body of a request', () => {
  const requestOf = () => Object.assign(new PassThrough(), { headers: {} });
  const codeOf = (promise: Promise<unknown>): Promise<ProblemCode | 'none'> => {
    return promise.then(
      () => 'none' as const,
      (error) => (error instanceof ProblemError ? error.code : 'none'),
    );
  };

  it('is waited for so long and no longer', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const request = requestOf();
    const refused = codeOf(readBody(request, 1_000, new BodyBudget().shareOf('')));
    request.write('x');
    test.mock.timers.tick(REQUEST_MS_MAX - 1);
    request.write('x');
    test.mock.timers.tick(1);
    assert.equal(await refused, 'timeout');
  });

  it('is refused while others fill the memory that is set aside, of which a refused one keeps nothing', async () => {
    const budget = new BodyBudget().shareOf('');
    assert.ok(budget.take(BODIES_BYTES_MAX - 10));
    const large = requestOf();
    const refused = readBody(large, 1_000, budget);
    large.write('12345');
    large.write('123456');
    await assert.rejects(refused, { code: 'too-busy', retryAfterSeconds: 1 });
    const small = requestOf();
    const whole = readBody(small, 1_000, budget);
    small.end('1234567890');
    assert.equal(String(await whole), '1234567890');
    assert.ok(budget.take(10), 'a body that was read is not on its way any more');
    assert.ok(!budget.take(1));
  });

  it('of a sender that went away does not count', async () => {
    const request = requestOf();
    const body = readBody(request, 1_000, new BodyBudget().shareOf(''));
    request.write('half');
    request.destroy();
    assert.equal(await body, null);
  });
});
