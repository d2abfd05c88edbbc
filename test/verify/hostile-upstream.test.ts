import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setInterval as every } from 'node:timers/promises';
import { isRefusal, RegistryError } from '../../verify/index.ts';
import { loadRegistry, openUpstream, pullRegistry } from '../../verify/registry/index.ts';
import { indicia } from '../support/command-line.ts';
import { httpServer, tcpServer } from '../support/hostile-upstream.ts';
import { failureOf, filesPaid, postAndVerifier } from '../support/post-and-verifier.ts';
import { NOW_MS } from '../support/published.ts';

const LIMITS = { pullMsMax: 2_500, silenceMsMax: 800 };
const ESCAPES = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e';
const OBEYED = /[\p{Cc}\p{Bidi_Control}]/u;

async function trickle(response: ServerResponse | Socket, ms: number): Promise<void> {
  for await (const _ of every(ms)) {
    if (response.destroyed) return;
    response.write('x');
  }
}

/** A new list is published, and asked for from a server in between. */
async function pullFrom(test: TestContext, url: string) {
  const scene = await postAndVerifier(test);
  await scene.publisher.publishList(filesPaid(2), NOW_MS);
  const outcome = await pullRegistry(openUpstream(url, LIMITS), scene.registry, NOW_MS);
  await loadRegistry(scene.registry, NOW_MS);
  return outcome;
}

describe('an upstream that gives no files is refused with a code, and the list in use stays', {
  timeout: 60_000,
}, () => {
  const answers: [string, RegExp, (response: ServerResponse) => void][] = [
    ['an error of its own', /status 500$/, (response) => response.writeHead(500, 'x\u009b').end('oh')],
    ['no access', /status 403$/, (response) => response.writeHead(403).end()],
    ['no content', /status 204$/, (response) => response.writeHead(204).end()],
    ['a part of a file', /status 206$/, (response) => response.writeHead(206).end('part')],
    ['nothing at all', /time-out: nothing came for 800 ms$/, () => {}],
    ['a body that stalls', /time-out: nothing came/, (response) => response.write('{')],
    ['a body that comes drop by drop', /time-out: the pull took longer/, (response) => void trickle(response, 50)],
    [
      'a body that is not compressed as it says',
      /Z_DATA_ERROR$/,
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'),
    ],
    [
      'a body that breaks off',
      /UND_ERR_SOCKET|ECONNRESET/,
      (response) => response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy()),
    ],
  ];
  for (const [what, detail, answer] of answers) {
    it(what, async (test) => {
      const outcome = await pullFrom(test, await httpServer(test, (_, response) => answer(response)));
      assert.equal(failureOf(outcome), 'trust-unreachable');
      assert.match(isRefusal(outcome) ? outcome.detail : '', detail);
    });
  }

  const words: [string, string | ((socket: Socket) => void)][] = [
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['headers without an end', (socket) => void trickle(socket.write('HTTP/1.1 200 OK\r\na: ') ? socket : socket, 20)],
    ['too many headers', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(50_000)}\r\n`],
    ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    ['a connection that ends at once', (socket) => socket.destroy()],
  ];
  for (const [what, said] of words) {
    it(what, async (test) => {
      const url = await tcpServer(test, (socket) => (typeof said === 'string' ? socket.end(said) : said(socket)));
      assert.equal(failureOf(await pullFrom(test, url)), 'trust-unreachable');
    });
  }

  it('nobody there', async (test) => {
    assert.equal(failureOf(await pullFrom(test, 'http://127.0.0.1:9')), 'trust-unreachable');
    assert.equal(failureOf(await pullFrom(test, 'http://127.0.0.1:1')), 'trust-unreachable');
  });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`a redirect (${status}) is not followed: another host is never asked`, async (test) => {
      let asked = 0;
      const other = await httpServer(test, (_, response) => {
        asked += 1;
        response.end('{}');
      });
      const url = await httpServer(test, (request, response) => {
        response.writeHead(status, { location: `${other}${request.url}` }).end();
      });
      const outcome = await pullFrom(test, url);
      assert.equal(failureOf(outcome), 'trust-unreachable');
      assert.match(isRefusal(outcome) ? outcome.detail : '', new RegExp(`status ${status}, a redirect`));
      assert.equal(asked, 0);
    });
  }

  it('a whole pull has an end, however many files come in time', async (test) => {
    const { registry, upstream, publisher } = await postAndVerifier(test);
    await publisher.publishList(filesPaid(2), NOW_MS);
    const url = await httpServer(test, (request, response) => {
      const file = join(upstream, request.url ?? '');
      const late = () =>
        readFile(file).then(
          (bytes) => response.end(bytes),
          () => response.writeHead(404).end(),
        );
      setTimeout(late, 200);
    });
    const pull = (pullMsMax: number) => pullRegistry(openUpstream(url, { ...LIMITS, pullMsMax }), registry, NOW_MS);
    assert.equal(failureOf(await pull(500)), 'trust-unreachable');
    assert.equal(failureOf(await pull(20_000)), 'accepted 2');
  });

  it('a pipe in a published folder', async (test) => {
    const { upstream, pull } = await postAndVerifier(test);
    await rm(join(upstream, 'trust-list.json'));
    execFileSync('mkfifo', [join(upstream, 'trust-list.json')]);
    assert.equal(failureOf(await pull()), 'trust-unreachable');
  });

  it('an address that says more than where the folder is', () => {
    for (const from of [
      'http://',
      'https://me:secret@trust.example/',
      'http://trust.example/?v=1',
      'http:#',
      'HTTP://[',
    ]) {
      assert.throws(() => openUpstream(from), RegistryError, from);
    }
  });
});

describe('indicia trust pull', () => {
  const pull = (from: string, registry: string, ...flags: string[]) => {
    return indicia(['trust', 'pull', '--from', from, '--registry', registry, ...flags]);
  };
  const isSentence = (stderr: string) => {
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    assert.doesNotMatch(stderr.trimEnd(), OBEYED);
  };

  it('says what it mended, and exits with 3 and a code for what it cannot mend', async (test) => {
    const { registry, upstream } = await postAndVerifier(test);
    await rm(join(registry, 'funds.ndjson'));
    const mended = await pull(upstream, registry);
    assert.deepEqual([mended.stdout, mended.exitCode], ['version 1, root 1: mended funds.ndjson\n', 0]);
    await rm(join(registry, 'funds.ndjson'));
    await rm(join(upstream, 'funds.ndjson'));
    const refused = await pull(upstream, registry);
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /refused: trust-missing: .*funds\.ndjson is not what was accepted/);
    isSentence(refused.stderr);
  });

  it('says in one sentence what an upstream does, whatever that puts into it', async (test) => {
    const { registry } = await postAndVerifier(test);
    const envelope = { payloadType: `${ESCAPES}\nindicia: all is well`, payload: '', signatures: [] };
    const answers: [RegExp, (response: ServerResponse) => void][] = [
      [/trust-unreachable/, (response) => response.writeHead(500).end(ESCAPES)],
      [/trust-malformed/, (response) => response.end(JSON.stringify(envelope))],
    ];
    for (const [message, answer] of answers) {
      const url = await httpServer(test, (request, response) => {
        if (request.url?.startsWith('/roots')) response.writeHead(404).end();
        else answer(response);
      });
      const { stderr, exitCode } = await pull(url, registry);
      assert.match(stderr, message);
      isSentence(stderr);
      assert.equal(exitCode, 3);
      const { stdout } = await pull(url, registry, '--json');
      assert.match(JSON.parse(stdout).refused, message);
      assert.doesNotMatch(stdout.trimEnd(), OBEYED);
    }
  });

  it('says in one sentence what is wrong with the folder', async (test) => {
    const { registry, upstream } = await postAndVerifier(test);
    await rm(join(registry, 'root.json'));
    execFileSync('mkfifo', [join(registry, 'root.json')]);
    const { stderr, exitCode } = await pull(upstream, registry);
    assert.match(stderr, /root\.json: not a regular file/);
    isSentence(stderr);
    assert.equal(exitCode, 2);
  });
});
