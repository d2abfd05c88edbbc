import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CONNECTION_LIMITS, dropRest, noteAdmitted } from '../../server/connections.ts';
import { Rounds } from '../../server/turns.ts';
import { GET, listenerIn, rawConnection, until } from '../support/local-listener.ts';
import { SmallWorld } from '../support/marks.ts';
import { filesOf, publishedRegistry } from '../support/published.ts';
import { serveProcess } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const { stranger: STRANGER, client: CLIENT } = CONNECTION_LIMITS;

/** Answers when it is told to; the path of each request that was begun. */
class Desk {
  readonly begun: string[] = [];
  readonly #open: { readonly request: IncomingMessage; readonly response: ServerResponse }[] = [];
  openMax = 0;
  /** Without being told to. */
  isAnswering = false;
  readonly #client: string | null;

  constructor(client: string | null) {
    this.#client = client;
  }

  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.#client !== null) noteAdmitted(request.socket, this.#client);
    this.begun.push(request.url ?? '');
    this.#open.push({ request, response });
    this.openMax = Math.max(this.openMax, this.#open.length);
    if (this.isAnswering) setImmediate(() => this.answerAll());
  };

  answerAll(text: string | Buffer = ''): void {
    for (const { response } of this.#open.splice(0)) response.end(text);
  }
}

/** Lets go what comes behind the first head; how much that was, and whether it was read without a pause. */
class Dropper {
  bytes = 0;
  isHurried = false;
  readonly handler = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    // Its end comes behind what is let go: Node reads on then.
    response.writeHead(200).flushHeaders();
    dropRest(socket, (bytes) => {
      this.bytes += bytes;
      queueMicrotask(() => {
        this.isHurried ||= !socket.isPaused();
      });
    });
  };
}

const paths = (count: number) => Array.from({ length: count }, (_, index) => `/${index}`);

describe('requests that are sent before earlier ones are answered', () => {
  it('are begun one after another where nobody has shown a token, and answered in their order', async (test) => {
    const desk = new Desk(null);
    const { port } = await listenerIn(test, desk.handler);
    const asked = paths(3_000);
    const socket = rawConnection(test, port, asked.map(GET).join(''));
    let said = '';
    socket.resume().on('data', (chunk) => {
      said += chunk;
    });
    desk.isAnswering = true;
    await until(() => said.endsWith('\r\n\r\n') && said.split('HTTP/1.1 200').length > asked.length);
    assert.deepEqual([desk.begun, desk.openMax], [asked, STRANGER.begunMax]);
  });

  it('are let go, unparsed and with a pause behind each read, where the connection is to be closed', async (test) => {
    const dropper = new Dropper();
    const { server, port } = await listenerIn(test, dropper.handler);
    let parsed = 0;
    server.on('request', () => {
      parsed += 1;
    });
    const body = paths(20_000).map(GET).join('');
    rawConnection(test, port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    // What came in one piece with the head was parsed as its body.
    await until(() => dropper.bytes > body.length - STRANGER.parsedBytesMax);
    assert.deepEqual([parsed, dropper.isHurried], [1, false]);
  });

  it('are neither begun nor parsed where a stranger reads no answer', async (test) => {
    const desk = new Desk(null);
    const { server, port } = await listenerIn(test, desk.handler);
    let parsed = 0;
    server.on('request', () => {
      parsed += 1;
    });
    rawConnection(test, port, 'GET / HTTP/1.1\r\nHost:a\r\n\r\n'.repeat(10_000));
    await until(() => desk.begun.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(desk.begun.length, 1);
    assert.ok(parsed <= STRANGER.parsedBytesMax / 25, `${parsed} parsed`);
  });

  it('are all answered to a client, and no more of them is read than is begun soon', async (test) => {
    const desk = new Desk('client');
    const { server, port } = await listenerIn(test, desk.handler);
    let read = () => 0;
    server.on('connection', (connection) => {
      read = () => connection.bytesRead;
    });
    const asked = paths(20_000);
    const socket = rawConnection(test, port, asked.map(GET).join(''));
    let said = '';
    socket.resume().on('data', (chunk) => {
      said += chunk;
    });
    await until(() => desk.begun.length === CLIENT.begunMax);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(desk.begun.length, CLIENT.begunMax);
    assert.ok(read() <= 3 * 64 * 1024, `${read()} bytes were read`);
    desk.isAnswering = true;
    desk.answerAll();
    await until(() => said.endsWith('\r\n\r\n') && said.split('HTTP/1.1 200').length > asked.length);
    assert.deepEqual(desk.begun, asked);
    assert.ok(desk.openMax <= CLIENT.begunMax, `${desk.openMax} at a time`);
  });

  it('wait while a client leaves much of earlier answers unread', async (test) => {
    const desk = new Desk('client');
    const { port } = await listenerIn(test, desk.handler);
    const socket = rawConnection(test, port, GET('/large'));
    await until(() => desk.begun.length === 1);
    desk.answerAll(Buffer.alloc(16 * CLIENT.unreadBytesMax));
    socket.write(GET('/second'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(desk.begun, ['/large']);
    socket.resume();
    await until(() => desk.begun.length === 2);
  });

  it('are bounded over all connections', async (test) => {
    const desk = new Desk('client');
    const waitingAllMax = 40;
    const { port, count } = await listenerIn(test, desk.handler, { waitingAllMax });
    const asked = GET('/a').repeat(CLIENT.begunMax + 25);
    rawConnection(test, port, asked);
    await until(() => desk.begun.length === CLIENT.begunMax);
    assert.equal(await count(), 1);
    rawConnection(test, port, asked);
    await until(async () => desk.begun.length === 2 * CLIENT.begunMax && (await count()) === 1);
  });

  it('are answered in turn even where they expect what there is not', async (test) => {
    const desk = new Desk(null);
    const { port } = await listenerIn(test, desk.handler);
    rawConnection(test, port, 'GET /a HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\n\r\n'.repeat(5));
    await until(() => desk.begun.length > 0);
    assert.equal(desk.begun.length, 1, 'Node itself would answer all five');
  });
});

describe('requests that waited', () => {
  it('go on some at a time, with everything else in between', async () => {
    const rounds = new Rounds(2);
    const done: number[] = [];
    for (let each = 0; each < 5; each += 1) rounds.add(() => done.push(each));
    const lengths: number[] = [];
    while (done.length < 5) {
      await new Promise((resolve) => setImmediate(resolve));
      lengths.push(done.length);
    }
    assert.deepEqual(
      [done, lengths.filter((length) => length % 2 === 0)],
      [
        [0, 1, 2, 3, 4],
        [2, 4],
      ],
    );
  });
});

describe('answers that nobody reads', () => {
  const large = Buffer.alloc(8 * 1024 * 1024);
  const limits = { lookMs: 20, strangerStallMsMax: 100, clientStallMsMax: 300 };

  for (const client of [null, 'client']) {
    it(`end the connection of ${client === null ? 'a stranger' : 'a client'}`, async (test) => {
      const desk = new Desk(client);
      const { port, count } = await listenerIn(test, desk.handler, limits);
      rawConnection(test, port, GET('/a'));
      await until(() => desk.begun.length === 1);
      desk.answerAll(large);
      await until(async () => (await count()) === 0);
    });
  }

  it('leave alone anyone who reads them slowly, or waits for his own', async (test) => {
    const desk = new Desk('client');
    const { port, count } = await listenerIn(test, desk.handler, limits);
    const socket = rawConnection(test, port, GET('/a'));
    await until(() => desk.begun.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(await count(), 1, 'nothing is there to be read');
    desk.answerAll(Buffer.alloc(1024));
    socket.resume();
    await new Promise((resolve) => socket.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(await count(), 1, 'all was read');
  });

  it('are bounded over all connections: the one that has most of them is cut', async (test) => {
    const desk = new Desk('client');
    const bounded = { lookMs: 20, clientStallMsMax: 60_000, unreadBytesAllMax: 3.5 * large.length };
    const { port, count } = await listenerIn(test, desk.handler, bounded);
    for (let each = 0; each < 6; each += 1) rawConnection(test, port, GET('/a'));
    await until(() => desk.begun.length === 6);
    desk.answerAll(large);
    await until(async () => (await count()) <= 4);
    assert.ok((await count()) >= 3, 'no more than must');
  });
});

describe('a server whose static answer 60 strangers ask for thousands of times without reading it', () => {
  it('keeps its memory, and answers others', async (test) => {
    const folder = await temporaryFolder(test);
    const registry = await publishedRegistry(test, filesOf(new SmallWorld(1, 1).records));
    const files = ['--db', join(folder, 'a.duckdb'), '--registry', registry];
    const { url, child } = await serveProcess(test, [...files, '--no-auth', '--port', '0', '--log-level', 'silent']);
    const megabytes = () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    };
    const isWell = async () => assert.equal((await fetch(`${url}/livez`)).status, 200);
    await isWell();
    const before = megabytes();
    for (const path of ['/openapi.json', '/nowhere', '/metrics', '/livez']) {
      for (let each = 0; each < 15; each += 1) rawConnection(test, Number(new URL(url).port), GET(path).repeat(4_000));
    }
    let most = before;
    for (let look = 0; look < 30; look += 1) {
      await isWell();
      most = Math.max(most, megabytes());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // Without the bounds it grew by 30 MB a connection.
    assert.ok(most - before < 300, `${Math.round(before)} MB before, ${Math.round(most)} MB at most`);
  });
});
