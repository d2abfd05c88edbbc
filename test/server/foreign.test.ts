import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { before, describe, it } from 'node:test';
import { connect as openClient } from '../../client/index.ts';
import { type RawAnswer, rawRequest } from '../support/raw-request.ts';
import { sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';
import { stageServerIn } from '../support/stage-server.ts';

type Headers = [string, string][];

/** Hosts by the code of the problem that they get, '' for none, on a server that listens on 127.0.0.1. */
const HOSTS: readonly [string, (port: string) => Headers][] = [
  ...['127.0.0.1', 'localhost', 'LocalHost', '[::1]', 'sorter.example', 'SORTER.example'].flatMap(
    (name): [string, (port: string) => Headers][] => [
      ['', (port) => [['host', `${name}:${port}`]]],
      ['', () => [['host', name]]],
    ],
  ),
  ...[
    ...['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', 'sorter.example.evil.example'],
    ...['10.0.0.1', '127.0.0.2', '0.0.0.0', '[::2]', '::1', '', ':80', 'a@127.0.0.1', '127.0.0.1/', '127.0.0.1:80:80'],
    ...['127.0.0.1,evil.example', 'evil.example#127.0.0.1', '127.0.0.1:123456', '[127.0.0.1', `${'a'.repeat(9_000)}`],
  ].map((host): [string, (port: string) => Headers] => ['foreign-host', () => [['host', host]]]),
  ['bad-request', () => []],
  [
    'bad-request',
    (port) => [
      ['host', `127.0.0.1:${port}`],
      ['host', 'evil.example'],
    ],
  ],
];

/** Origins by whether they are the server's own where its host is 127.0.0.1 and its port. */
const ORIGINS: readonly [boolean, (port: string) => string | null][] = [
  [true, () => null],
  [true, (port) => `http://127.0.0.1:${port}`],
  [true, (port) => `http://localhost:${port}`],
  [true, () => 'http://sorter.example'],
  [true, () => 'https://sorter.example'],
  [false, () => 'null'],
  [false, () => ''],
  [false, () => 'http://evil.example'],
  [false, (port) => `http://evil.example:${port}`],
  [false, () => 'http://127.0.0.1'],
  [false, () => 'http://127.0.0.1:1'],
  [false, (port) => `https://127.0.0.1:${port}`],
  [false, (port) => `http://127.0.0.1:${port}.evil.example`],
  [false, () => 'https://sorter.example:8443'],
  [false, (port) => `http://127.0.0.1:${port}, http://evil.example`],
  [false, () => 'file://'],
];

const SITES: readonly [boolean, string | null][] = [
  [true, null],
  [true, 'same-origin'],
  [true, 'none'],
  [false, 'same-site'],
  [false, 'cross-site'],
  [false, ''],
  [false, 'none, cross-site'],
];

/** Every route, what there is not, and what no router reads. */
const PATHS = [
  ...['/v1/verdicts', '/v1/verdicts:batch', '/v1/verdicts:stream', '/v1/verdicts:late', '/v1/verdicts/a', '/livez'],
  ...['/readyz', '/metrics', '/openapi.json', '/v1/stores', '/v1/evidence/scans.parquet', '/nowhere', '/', '*'],
  ...['/partitions/7/v1/evidence/scans.parquet', '/v1/verdicts/%zz', 'http://127.0.0.1/livez', '/%'],
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND', 'QUERY'];

const FOREIGN_CODES = ['foreign-host', 'foreign-origin'];
const ANSWER_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

function assertClosedToPages({ headers }: RawAnswer, name: string): void {
  for (const [header, value] of Object.entries(ANSWER_HEADERS)) assert.equal(headers[header], value, name);
  const opened = Object.keys(headers).filter((header) => header.startsWith('access-control-'));
  assert.deepEqual(opened, [], name);
}

function headersOf(origin: string | null, site: string | null): Headers {
  const headers: Headers = [];
  if (origin !== null) headers.push(['origin', origin]);
  if (site !== null) headers.push(['sec-fetch-site', site]);
  return headers;
}

for (const kind of ['the server for sorters', 'the server of a stage']) {
  describe(`${kind}, which pages of other sites can reach`, () => {
    const scope = suiteScope();
    let url: string;
    let port: string;
    before(async () => {
      const hostNames = ['sorter.example'];
      url = kind.includes('stage')
        ? await stageServerIn(scope, { hostNames })
        : (await serverIn(scope, { hostNames })).url;
      port = new URL(url).port;
    });

    it('answers no host but its own, whatever the path', async () => {
      for (const [code, hostOf] of HOSTS) {
        for (const path of ['/livez', '/metrics', '/nowhere', '/v1/verdicts/%zz']) {
          const answer = await rawRequest(url, { path, headers: hostOf(port) });
          const name = `${path} ${JSON.stringify(hostOf(port)).slice(0, 80)}: ${answer.text.slice(0, 200)}`;
          if (code === '') assert.ok(!FOREIGN_CODES.includes(answer.code), name);
          else assert.deepEqual([answer.status, answer.code], [code === 'bad-request' ? 400 : 421, code], name);
          assertClosedToPages(answer, name);
        }
      }
    });

    it('answers no page but its own, on every path and by every method', async () => {
      const host: Headers = [['host', `127.0.0.1:${port}`]];
      for (const path of PATHS) {
        for (const method of METHODS) {
          for (const headers of [headersOf('http://evil.example', null), headersOf(null, 'cross-site')]) {
            const answer = await rawRequest(url, { method, path, headers: [...host, ...headers] });
            const name = `${method} ${path} ${headers}: ${answer.text}`;
            assert.equal(answer.status, 403, name);
            if (method !== 'HEAD') assert.equal(answer.code, 'foreign-origin', name);
            assertClosedToPages(answer, name);
          }
          const named = await rawRequest(url, { method, path, headers: [['host', 'evil.example']] });
          assert.equal(named.status, 421, `${method} ${path}`);
        }
      }
    });

    it('goes by host, origin and site together', async () => {
      for (const [code, hostOf] of [HOSTS[0], HOSTS.find(([found]) => found === 'foreign-host')].flatMap((row) =>
        row === undefined ? [] : [row],
      )) {
        for (const [isOwn, originOf] of ORIGINS) {
          for (const [isOwnSite, site] of SITES) {
            const headers = [...hostOf(port), ...headersOf(originOf(port), site)];
            const answer = await rawRequest(url, { path: '/livez', headers });
            const expected = code !== '' ? code : isOwn && isOwnSite ? '' : 'foreign-origin';
            assert.equal(answer.code, expected, JSON.stringify(headers));
          }
        }
      }
    });

    it('lets no page ask whether it may', async () => {
      const asked: Headers = [
        ['host', `127.0.0.1:${port}`],
        ['access-control-request-method', 'POST'],
        ['access-control-request-headers', 'authorization, content-type, indicia-request'],
        ['access-control-request-private-network', 'true'],
      ];
      for (const origin of [null, `http://127.0.0.1:${port}`]) {
        const headers = [...asked, ...headersOf(origin, null)];
        const answer = await rawRequest(url, { method: 'OPTIONS', path: '/metrics', headers });
        assert.deepEqual([answer.status, answer.code], [405, 'method-not-allowed']);
        assertClosedToPages(answer, String(origin));
      }
    });

    it('answers a probe in HTTP/1.0 that names no host', async () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write('GET /livez HTTP/1.0\r\n\r\n');
      const said: string[] = [];
      for await (const chunk of socket) said.push(String(chunk));
      assert.match(said.join(''), /^HTTP\/1\.1 200 /);
    });
  });
}

describe('a page of another site that posts scans', () => {
  it('has none recorded', async (test) => {
    const server = await serverIn(test);
    const { port } = new URL(server.url);
    const scan = sentScan(null);
    const headers: Headers = [
      ['host', `127.0.0.1:${port}`],
      ['content-type', 'application/json'],
    ];
    const post = (more: Headers) =>
      rawRequest(server.url, {
        ...{ method: 'POST', path: '/v1/verdicts', body: JSON.stringify(scan) },
        headers: [...headers, ...more],
      });
    for (const more of [
      headersOf('http://evil.example', null),
      headersOf(null, 'cross-site'),
      headersOf('null', null),
    ]) {
      assert.equal((await post(more)).code, 'foreign-origin');
    }
    const found = await rawRequest(server.url, { path: `/v1/verdicts/${encodeURIComponent(scan.scanId)}`, headers });
    assert.equal(found.code, 'not-found');
    assert.equal(JSON.parse((await post([])).text).repeated, false);
  });

  it('gets no form taken, which it could send unasked, but what programs send is', async (test) => {
    const server = await serverIn(test);
    const { port } = new URL(server.url);
    const form = (more: Headers) => {
      const scan = JSON.stringify(sentScan(null));
      return rawRequest(server.url, {
        ...{ method: 'POST', path: '/v1/verdicts' },
        body: `--b\r\ncontent-disposition: form-data; name="scan"\r\n\r\n${scan}\r\n--b--`,
        headers: [['host', `127.0.0.1:${port}`], ['content-type', 'multipart/form-data; boundary=b'], ...more],
      });
    };
    assert.deepEqual([(await form([])).status, (await form([])).code], [403, 'header-missing']);
    assert.equal((await form([['accept', 'application/json']])).code, 'header-missing');
    assert.equal((await form([['indicia-request', '1']])).status, 200);
    assert.equal((await form([['authorization', 'Bearer x']])).status, 200);
    const client = openClient(server.url, {});
    const payload = server.world.frank();
    const { payload: _, ...scan } = sentScan(payload);
    const outcome = await client.verdict({ ...scan, payload }, { as: 'multipart' });
    assert.ok(!('code' in outcome), JSON.stringify(outcome));
    client.close();
    for (const path of ['/v1/verdicts', '/v1/verdicts:batch', '/v1/verdicts:stream']) {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', null]) {
        const headers: Headers = [['host', `127.0.0.1:${port}`]];
        if (type !== null) headers.push(['content-type', type]);
        const body = JSON.stringify(sentScan(null));
        const answer = await rawRequest(server.url, { method: 'POST', path, headers, body });
        assert.equal(answer.status, 415, `${path} ${type}: of no other kind can a page send a body unasked`);
      }
    }
  });
});
