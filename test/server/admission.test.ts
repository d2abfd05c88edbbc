import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { ImageReaders } from '../../decode/process/index.ts';
import { addToken, openTokens, type Role, revokeToken } from '../../server/index.ts';
import { indicia } from '../support/command-line.ts';
import { NOW_MS } from '../support/published.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { type LocalServer, postJson, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('who may do what', () => {
  let server: LocalServer;
  let tokens: string;
  const scope = suiteScope();
  let nowMs = NOW_MS;
  const issued = new Map<string, string>();
  const ids = new Map<string, string>();
  const grant = (name: string, plant: string | null, roles: Role[]) => {
    const granted = addToken(tokens, { name, plant, roles, expiresAtMs: null, certificate: null }, NOW_MS, randomBytes);
    issued.set(name, granted.token ?? '');
    ids.set(name, granted.entry.id);
  };
  before(async () => {
    tokens = join(await temporaryFolder(scope), 'tokens.json');
    grant('DBCS-1', '06484', ['sorter']);
    grant('DBCS-9', '10001', ['sorter']);
    grant('Ann', null, ['investigator']);
    grant('Bob', '10001', ['investigator']);
    grant('Prometheus', null, ['metrics']);
    const access = openTokens(tokens, { nowMs: () => nowMs });
    const limits = { imageMsMax: 5_000, residentBytesMax: 2 ** 31 };
    const images = new ImageReaders(1, new URL('../support/slow-image-reader.ts', import.meta.url), limits);
    server = await serverIn(scope, { access }, { nowMs: () => nowMs, images });
  });
  const as = (name: string) => ({ authorization: `Bearer ${issued.get(name)}` });
  const codeOf = async (response: Response) => {
    const body = JSON.parse(await response.text());
    return response.status === 200 ? 'ok' : body.code;
  };

  it('is told by the role of a token, on every route', async () => {
    const scan = sentScan(server.world.frank());
    const path = `/v1/verdicts/${encodeURIComponent(scan.scanId)}`;
    const routes: [string, (headers: Record<string, string>) => Promise<Response>, string[]][] = [
      ['POST', (headers) => postJson(server.url, '/v1/verdicts', scan, headers), ['DBCS-1']],
      ['batch', (headers) => postJson(server.url, '/v1/verdicts:batch', { scans: [scan] }, headers), ['DBCS-1']],
      ['GET', (headers) => fetch(`${server.url}${path}`, { headers }), ['Ann']],
    ];
    for (const [name, call, allowed] of routes) {
      assert.equal(await codeOf(await call({})), 'unauthorized', name);
      assert.equal(await codeOf(await call({ authorization: 'Bearer nonsense' })), 'unauthorized', name);
      for (const who of ['DBCS-1', 'Ann', 'Prometheus']) {
        assert.equal(await codeOf(await call(as(who))), allowed.includes(who) ? 'ok' : 'forbidden', `${name} ${who}`);
      }
    }
    const streamed = await postJson(server.url, '/v1/verdicts:stream', '', as('Ann'));
    assert.equal(await codeOf(streamed), 'forbidden');
    const unknown = await fetch(`${server.url}/v1/verdicts`, { method: 'POST', body: '{}' });
    assert.equal(unknown.headers.get('www-authenticate'), 'Bearer');
    for (const open of ['/livez', '/readyz', '/openapi.json']) {
      assert.equal((await fetch(`${server.url}${open}`)).status, 200, open);
    }
    assert.equal((await fetch(`${server.url}/metrics`)).status, 401);
    assert.equal((await fetch(`${server.url}/metrics`, { headers: as('Ann') })).status, 403);
    assert.equal((await fetch(`${server.url}/metrics`, { headers: as('Prometheus') })).status, 200);
  });

  it('tells late verdicts to the plant whose token sent the scan, on a stream, too', async () => {
    const listen = (name: string) => openStream(server.url, '/v1/verdicts:late', 'GET', as(name));
    const [own, other, all] = [await listen('DBCS-9'), await listen('DBCS-1'), await listen('Ann')];
    const stream = await openStream(server.url, '/v1/verdicts:stream', 'POST', as('DBCS-9'));
    const image = { imageBase64: Buffer.from('slow and without plant').toString('base64'), deadlineMs: 10 };
    const { plant: _, ...unnamed } = sentScan(null, image);
    stream.send(unnamed);
    assert.equal((await stream.next(1))[0]?.late, true);
    for (const listener of [own, all]) assert.equal((await listener.next(1))[0]?.scanId, unnamed.scanId);
    const fence = sentScan(null, { ...image, imageBase64: Buffer.from('slow, of the other').toString('base64') });
    await postJson(server.url, '/v1/verdicts', fence, as('DBCS-1'));
    assert.equal((await other.next(1))[0]?.scanId, fence.scanId, 'the other plant hears of its own only');
    for (const { request } of [own, other, all, stream]) request.destroy();
  });

  it('lets a sorter speak for its own plant only, which is filled in where a scan names none', async () => {
    const foreign = await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()), as('DBCS-9'));
    assert.equal(await codeOf(foreign), 'forbidden');
    const { plant, ...unnamed } = sentScan(server.world.frank());
    assert.equal(await codeOf(await postJson(server.url, '/v1/verdicts', unnamed, as('DBCS-9'))), 'ok');
    const path = `/v1/verdicts/${encodeURIComponent(unnamed.scanId)}`;
    assert.equal(await codeOf(await fetch(`${server.url}${path}`, { headers: as('Bob') })), 'ok');
    const own = sentScan(server.world.frank());
    assert.equal(await codeOf(await postJson(server.url, '/v1/verdicts', own, as('DBCS-1'))), 'ok');
    const hidden = await fetch(`${server.url}/v1/verdicts/${encodeURIComponent(own.scanId)}`, { headers: as('Bob') });
    assert.equal(await codeOf(hidden), 'not-found', 'of another plant there is nothing to see');
  });

  it('keeps a stream from speaking for another plant, line by line', async () => {
    const stream = await openStream(server.url, '/v1/verdicts:stream', 'POST', as('DBCS-9'));
    const foreign = sentScan(server.world.frank());
    const { plant, ...unnamed } = sentScan(server.world.frank());
    stream.send(foreign, unnamed);
    const [refused, answered] = await stream.next(2);
    assert.notEqual(refused?.scanId, foreign.scanId, 'the scan id of another plant is not used up');
    assert.match(JSON.stringify(refused?.reasons), /scan-malformed/);
    assert.deepEqual([answered?.scanId, answered?.disposition], [unnamed.scanId, 'accept']);
    assert.equal(await codeOf(await postJson(server.url, '/v1/verdicts', foreign, as('DBCS-1'))), 'ok');
    stream.request.destroy();
  });

  it('ends with the token, also for a stream that is open', async () => {
    grant('DBCS-2', '06484', ['sorter']);
    nowMs += 1_000;
    const stream = await openStream(server.url, '/v1/verdicts:stream', 'POST', as('DBCS-2'));
    stream.send(sentScan(server.world.frank()));
    assert.equal((await stream.next(1))[0]?.disposition, 'accept');
    revokeToken(tokens, ids.get('DBCS-2') ?? '', NOW_MS);
    nowMs += 1_000;
    const scan = sentScan(server.world.frank());
    assert.equal(await codeOf(await postJson(server.url, '/v1/verdicts', scan, as('DBCS-2'))), 'unauthorized');
    stream.send(scan);
    assert.deepEqual(
      (await stream.rest()).map(({ code }) => code),
      ['unauthorized'],
    );
    const found = await fetch(`${server.url}/v1/verdicts/${encodeURIComponent(scan.scanId)}`, { headers: as('Ann') });
    assert.equal(await codeOf(found), 'not-found');
  });
});

describe('client certificates', () => {
  it('let in whom the file of tokens knows, and nobody without one', async (test) => {
    const folder = await temporaryFolder(test);
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '36500'];
    openssl('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=plant');
    for (const name of ['server', 'sorter', 'stranger']) {
      const signed = name === 'stranger' ? [] : ['-CA', 'ca.pem', '-CAkey', 'ca.key'];
      const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
      openssl('req', '-x509', ...curve, ...signed, '-keyout', `${name}.key`, '-out', `${name}.pem`, ...names);
    }
    const file = (name: string) => readFile(join(folder, name));
    const tokens = join(folder, 'tokens.json');
    const certificate = new X509Certificate(await file('sorter.pem')).raw;
    addToken(
      tokens,
      { name: 'DBCS-1', plant: '06484', roles: ['sorter'], expiresAtMs: null, certificate },
      NOW_MS,
      randomBytes,
    );
    const access = openTokens(tokens, { nowMs: () => NOW_MS });
    const clientCa = await file('ca.pem');
    const tls = { cert: await file('server.pem'), key: await file('server.key'), clientCa };
    const server = await serverIn(test, { access, tls });
    const post = async (name: string | null) => {
      const own = name === null ? {} : { cert: await file(`${name}.pem`), key: await file(`${name}.key`) };
      const options = { method: 'POST', ca: clientCa, ...own, agent: false as const };
      return statusOf(`${server.url}/v1/verdicts`, options, JSON.stringify(sentScan(server.world.frank())));
    };
    assert.equal(await post('sorter'), 200);
    assert.equal(await post('server'), 401, 'signed, but nobody that is let in');
    await assert.rejects(post('stranger'));
    await assert.rejects(post(null));
  });
});

function statusOf(url: string, options: Parameters<typeof request>[1], body: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const sent = request(url, { ...options, headers: { 'content-type': 'application/json' } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

describe('indicia serve', () => {
  it('says what is wrong with its flags', async (test) => {
    const folder = await temporaryFolder(test);
    await writeFile(join(folder, 'cert.pem'), '');
    const common = ['serve', '--db', join(folder, 'a.duckdb'), '--registry', folder];
    const cases: [string[], RegExp][] = [
      [[], /who has access\? Give --tokens FILE, or --no-auth/],
      [['--no-auth', '--host', '0.0.0.0'], /--no-auth lets everybody in, so it is for loopback addresses only/],
      [['--no-auth', '--tokens', 'x'], /contradict each other/],
      [['--tokens', join(folder, 'none.json')], /none\.json: no such file of tokens/],
      [['--no-auth', '--tls-cert', join(folder, 'cert.pem')], /belong together/],
      [['--no-auth', '--client-ca', join(folder, 'cert.pem')], /needs --tls-cert and --tls-key/],
      [['--no-auth', '--port', '99999'], /expected a whole number from 0 to 65535/],
      [['--no-auth', '--late-disposition', 'burn'], /Allowed choices are accept, divert, manual/],
    ];
    await Promise.all(
      cases.map(async ([flags, message]) => {
        const { exitCode, stderr } = await indicia([...common, ...flags]);
        assert.deepEqual([exitCode, flags], [2, flags], stderr);
        assert.match(stderr, message);
      }),
    );
  });
});
