import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Fastify from 'fastify';
import { Exports, refuseOnFullDisk } from '../../server/evidence/exports.ts';
import { addToken, openTokens } from '../../server/index.ts';
import {
  EXPORTS_MAX,
  EXPORTS_PER_CLIENT_MAX,
  LATE_LISTENERS_MAX,
  LATE_LISTENERS_PER_CLIENT_MAX,
} from '../../server/limits.ts';
import { addMetricsRoute } from '../../server/metrics-route.ts';
import { certificatesIn } from '../support/certificates.ts';
import { NOW_MS } from '../support/published.ts';
import { rawRequest } from '../support/raw-request.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { sentScan, serverIn } from '../support/sorter-server.ts';
import { stageServerIn } from '../support/stage-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('the feed of late verdicts', () => {
  it('has a share of its listeners for each token, so that none takes them all', async (test) => {
    const tokens = join(await temporaryFolder(test), 'tokens.json');
    const grant = (name: string) => {
      const asked = { name, plant: '06484', roles: ['sorter' as const], expiresAtMs: null, certificate: null };
      return { authorization: `Bearer ${addToken(tokens, asked, NOW_MS, randomBytes).token}` };
    };
    const [greedy, modest] = [grant('greedy'), grant('modest')];
    const { url } = await serverIn(test, { access: openTokens(tokens, { nowMs: () => NOW_MS }) });
    const listen = (headers: Record<string, string>) => openStream(url, '/v1/verdicts:late', 'GET', headers);
    const listeners = [];
    for (let each = 0; each < LATE_LISTENERS_PER_CLIENT_MAX; each += 1) listeners.push(await listen(greedy));
    assert.ok(listeners.every(({ response }) => response.statusCode === 200));
    const refused = await listen(greedy);
    assert.deepEqual([refused.response.statusCode, refused.response.headers['retry-after']], [429, '1']);
    assert.equal((await listen(modest)).response.statusCode, 200);
    listeners[0]?.request.destroy();
    for (let again = await listen(greedy); again.response.statusCode !== 200; again = await listen(greedy));
    assert.ok(LATE_LISTENERS_MAX >= 4 * LATE_LISTENERS_PER_CLIENT_MAX);
  });
});

describe('views that are being sent', () => {
  it('are so many in all and of one client, until they have been read', () => {
    const exports = new Exports();
    const own = Array.from({ length: EXPORTS_PER_CLIENT_MAX }, () => exports.enter('a'));
    assert.throws(() => exports.enter('a'), { code: 'too-busy', retryAfterSeconds: 1 });
    const others = Array.from({ length: EXPORTS_MAX - own.length }, (_, index) => exports.enter(`other ${index}`));
    assert.throws(() => exports.enter('b'), { code: 'too-busy' });
    own[0]?.();
    exports.enter('b');
    for (const leave of [...own.slice(1), ...others]) leave();
    for (let each = 0; each < EXPORTS_PER_CLIENT_MAX; each += 1) exports.enter('a');
  });

  it('leave the disk some room', async () => {
    await refuseOnFullDisk(tmpdir(), 1);
    await assert.rejects(refuseOnFullDisk(tmpdir(), Number.MAX_SAFE_INTEGER), { code: 'too-busy' });
  });

  it('hold their places while they are made, and give them back when the client goes away', async (test) => {
    let waiting: (() => void)[] = [];
    const exportView = () =>
      new Promise<number>((_, reject) => {
        waiting.push(() => reject(new Error('given up')));
      });
    const failed: string[] = [];
    const ports = {
      stores: () => new Map([['', { exportView }]]),
      onFailed: (error: Error) => failed.push(error.message),
    };
    const url = await stageServerIn(test, ports);
    const path = `${url}/v1/evidence/scans.parquet`;
    const leaving = new AbortController();
    const asked = Array.from({ length: EXPORTS_PER_CLIENT_MAX }, () =>
      fetch(path, { signal: leaving.signal }).catch(() => null),
    );
    while (waiting.length < EXPORTS_PER_CLIENT_MAX) await new Promise((resolve) => setTimeout(resolve, 10));
    const refused = await fetch(path);
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
    assert.equal(waiting.length, EXPORTS_PER_CLIENT_MAX);
    leaving.abort();
    await Promise.all(asked);
    for (const giveUp of waiting) giveUp();
    waiting = [];
    const again = fetch(path);
    while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const giveUp of waiting) giveUp();
    assert.equal((await again).status, 500);
  });
});

describe('answers that are the same for everybody', () => {
  it('are not sent again to anyone who has them', async (test) => {
    const { url } = await serverIn(test);
    const first = await fetch(`${url}/openapi.json`);
    const etag = first.headers.get('etag') ?? '';
    assert.match(etag, /^"[\w-]{43}"$/);
    const again = await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': etag } });
    assert.deepEqual([again.status, await again.text(), again.headers.get('etag')], [304, '', etag]);
    const other = await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': '"other"' } });
    assert.equal(await other.text(), await first.text());
  });

  it('are made once for all who ask meanwhile', async () => {
    const made: PromiseWithResolvers<string>[] = [];
    const app = Fastify();
    addMetricsRoute(app, null, {
      contentType: 'text/plain',
      metrics: () => {
        made.push(Promise.withResolvers<string>());
        return made.at(-1)?.promise ?? Promise.reject();
      },
    });
    const ask = () => app.inject('/metrics');
    const asked = Promise.all([ask(), ask(), ask()]);
    while (made.length === 0) await new Promise((resolve) => setImmediate(resolve));
    made[0]?.resolve('one');
    assert.deepEqual(
      (await asked).map(({ body }) => body),
      ['one', 'one', 'one'],
    );
    const again = ask();
    while (made.length === 1) await new Promise((resolve) => setImmediate(resolve));
    made[1]?.resolve('two');
    assert.deepEqual([(await again).body, made.length], ['two', 2]);
  });
});

describe('a browser that has a client certificate', () => {
  it('lends it to no page, but a program may use it', async (test) => {
    const certificates = await certificatesIn(test, ['server', 'sorter']);
    const tokens = join(await temporaryFolder(test), 'tokens.json');
    const certificate = certificates.derOf('sorter');
    const asked = { name: 'DBCS-1', plant: '06484', roles: ['sorter' as const], expiresAtMs: null, certificate };
    addToken(tokens, asked, NOW_MS, randomBytes);
    const tls = { ...certificates.of('server'), clientCa: certificates.ca };
    const { url } = await serverIn(test, { access: openTokens(tokens, { nowMs: () => NOW_MS }), tls });
    const { port } = new URL(url);
    const scan = JSON.stringify(sentScan(null));
    const form = `--b\r\ncontent-disposition: form-data; name="scan"\r\n\r\n${scan}\r\n--b--`;
    const post = async (type: string, body: string, ...more: [string, string][]) => {
      const headers: [string, string][] = [['host', `127.0.0.1:${port}`], ['content-type', type], ...more];
      const own = { ca: certificates.ca, ...certificates.of('sorter') };
      const answer = await rawRequest(url, { method: 'POST', path: '/v1/verdicts', headers, body, tls: own });
      return answer.code === '' ? answer.status : answer.code;
    };
    const multipart = 'multipart/form-data; boundary=b';
    assert.equal(await post(multipart, form, ['origin', 'https://evil.example']), 'foreign-origin');
    assert.equal(await post(multipart, form, ['sec-fetch-site', 'cross-site']), 'foreign-origin');
    assert.equal(await post(multipart, form, ['origin', `http://127.0.0.1:${port}`]), 'foreign-origin', 'not over TLS');
    assert.equal(await post(multipart, form), 'header-missing', 'of a browser that says nothing');
    assert.equal(await post('application/json', scan, ['origin', 'https://evil.example']), 'foreign-origin');
    assert.equal(await post(multipart, form, ['indicia-request', '1']), 200);
    assert.equal(await post('application/json', scan, ['origin', `https://127.0.0.1:${port}`]), 200);
  });
});
