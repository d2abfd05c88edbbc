import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONNECTION_LIMITS, noteAdmitted } from '../../server/connections.ts';
import { addToken, openTokens } from '../../server/index.ts';
import { GET, listenerIn, rawConnection, until } from '../support/local-listener.ts';
import { NOW_MS } from '../support/published.ts';
import { sentScan, serverIn } from '../support/sorter-server.ts';
import { type Scope, temporaryFolder } from '../support/temporary.ts';

const SHORT = { strangerIdleMsMax: 150, strangerMsMax: 600, lookMs: 20 };

function opened(test: Scope, port: number, count: number, text: string): Socket[] {
  return Array.from({ length: count }, () => rawConnection(test, port, text).resume());
}

const isOpen = (socket: Socket) => !socket.destroyed && !socket.readableEnded;

describe('connections that have shown no token', () => {
  it('are cut when they say nothing for a short while, also after an answer and in a TLS handshake', async (test) => {
    const folder = await temporaryFolder(test);
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=x'];
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
    const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile), clientCa: null };
    const plain = await listenerIn(test, (_, response) => void response.end(), SHORT);
    const secured = await listenerIn(test, (_, response) => void response.end(), SHORT, tls);
    opened(test, plain.port, 5, '');
    opened(test, plain.port, 5, GET('/livez'));
    opened(test, secured.port, 5, '');
    opened(test, secured.port, 5, '\x16\x03\x01\x00\xc8\x01');
    await until(async () => (await plain.count()) > 0 && (await secured.count()) > 0);
    await until(async () => (await plain.count()) === 0 && (await secured.count()) === 0);
  });

  it('are cut after a while, whatever they ask for', async (test) => {
    const { port, count } = await listenerIn(test, (_, response) => void response.end(), SHORT);
    const [socket] = opened(test, port, 1, GET('/livez'));
    let asked = 0;
    const asking = setInterval(() => {
      asked += 1;
      if (socket !== undefined && isOpen(socket)) socket.write(GET('/livez'));
    }, 50);
    test.after(() => clearInterval(asking));
    await until(async () => (await count()) > 0);
    await until(async () => (await count()) === 0);
    assert.ok(asked > 3, 'it was not idle');
  });

  it('are told for how long they may be kept, which others are not', async (test) => {
    const { port } = await listenerIn(test, (incoming, response) => {
      if (incoming.url === '/in') noteAdmitted(incoming.socket, 'client');
      response.end();
    });
    for (const [path, header] of [
      ['/livez', /^timeout=2$/],
      ['/in', /^timeout=75\b/],
    ] as const) {
      const { headers } = await fetch(`http://127.0.0.1:${port}${path}`);
      assert.match(headers.get('keep-alive') ?? '', header);
    }
  });

  it('never go beyond the share of their address, and the oldest makes room for the newest', async (test) => {
    const limits = { strangersPerLoopbackMax: 5 };
    const { port, count } = await listenerIn(test, (_, response) => void response.end(), limits);
    const first = opened(test, port, 5, GET('/livez'));
    await Promise.all(first.map((socket) => new Promise((resolve) => socket.once('data', resolve))));
    const [newest] = opened(test, port, 1, GET('/livez'));
    await new Promise((resolve) => newest?.once('data', resolve));
    await until(() => !first.every(isOpen));
    assert.deepEqual([first.map(isOpen), await count()], [[false, true, true, true, true], 5]);
  });
});

describe('a server of which 300 strangers want all places', () => {
  const limits = {
    ...CONNECTION_LIMITS,
    ...{ connectionsMax: 40, strangersMax: 30, strangersPerLoopbackMax: 30, perClientMax: 4, entryPlaces: 5 },
    lookMs: 50,
  };

  it('keeps clients that have shown a token, and lets others in that show one', async (test) => {
    const tokens = join(await temporaryFolder(test), 'tokens.json');
    const grant = (name: string) => {
      const asked = { name, plant: '06484', roles: ['sorter' as const], expiresAtMs: null, certificate: null };
      return addToken(tokens, asked, NOW_MS, randomBytes).token ?? '';
    };
    const [early, late] = [grant('early'), grant('late')];
    const access = openTokens(tokens, { nowMs: () => NOW_MS });
    const server = await serverIn(test, { access, limits });
    const port = Number(new URL(server.url).port);
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    test.after(() => kept.destroy());
    const before = await posted(server.url, early, kept, server.world.frank());
    assert.equal(before.status, 200);
    let answered = 0;
    const strangers: Socket[] = [];
    for (let round = 0; round < 10; round += 1) {
      strangers.push(...opened(test, port, 30, round % 2 === 0 ? GET('/livez') : ''));
      await sleep(20);
      const other = await posted(server.url, late, new Agent(), server.world.frank());
      assert.equal(other.status, 200, 'a client that comes now has a place, and long enough');
      answered += 1;
    }
    const after = await posted(server.url, early, kept, server.world.frank());
    assert.deepEqual([after.status, after.localPort], [200, before.localPort], 'over the same connection as before');
    assert.equal(answered, 10);
    assert.ok(strangers.filter(isOpen).length <= limits.strangersMax);
  });

  it('gives one token no more than its share, of which its own idle ones make room', async (test) => {
    const { port, count } = await listenerIn(
      test,
      (incoming, response) => {
        noteAdmitted(incoming.socket, incoming.url ?? '');
        response.end();
      },
      limits,
    );
    const other = opened(test, port, 2, GET('/other'));
    const greedy = opened(test, port, 20, GET('/greedy'));
    await until(async () => (await count()) === 2 + limits.perClientMax);
    await sleep(100);
    assert.deepEqual([other.filter(isOpen).length, greedy.filter(isOpen).length], [2, limits.perClientMax]);
  });
});

/** One scan with a token; the port tells connections apart. */
function posted(url: string, token: string, agent: Agent, payload: Uint8Array) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; localPort: number | undefined }>();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const sent = request(`${url}/v1/verdicts`, { method: 'POST', agent, headers }, (response) => {
    const { localPort } = response.socket;
    response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, localPort }));
  });
  sent.on('error', reject);
  sent.end(JSON.stringify(sentScan(payload)));
  return promise;
}
