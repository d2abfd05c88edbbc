import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditStore, StoreReader } from '../../analytics/index.ts';
import { Random } from '../../psd-sim/random.ts';
import { SmallWorld } from '../support/marks.ts';
import { symbolImage } from '../support/pictures.ts';
import { filesOf, publishedRegistry } from '../support/published.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { postJson, type ServerProcess, sentScan, serveProcess } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function post(test: TestContext) {
  const world = new SmallWorld(2, 2);
  const registry = await publishedRegistry(test, filesOf(world.records));
  const db = join(await temporaryFolder(test), 'store.duckdb');
  const flags = ['--db', db, '--registry', registry, '--no-auth', '--port', '0', '--workers', '1'];
  return { world, db, flags };
}

/** Verdicts by scan id, those about other scans under a used id aside. */
async function storedIn(db: string): Promise<Map<string, string>> {
  assert.deepEqual((await auditStore(db, () => {})).problems, []);
  const reader = await StoreReader.open(db);
  const verdicts = await Array.fromAsync(reader.verdicts());
  reader.close();
  const byScan = new Map(verdicts.map(({ scanId, disposition, reasons }) => [scanId, `${disposition} ${reasons}`]));
  assert.equal(byScan.size, verdicts.length, 'each scan is there once');
  return byScan;
}

function said(answer: Record<string, unknown>): string {
  const reasons = Array.isArray(answer.reasons) ? answer.reasons.map(({ code }) => code) : [];
  return `${answer.disposition} ${reasons}`;
}

const KILLS = 10;
const SCANS_PER_SENDER = 150;

/** A server that is started again whenever it is gone; senders ask where it is now. */
class Restarted {
  readonly #start: () => Promise<ServerProcess>;
  #current: Promise<ServerProcess>;

  constructor(start: () => Promise<ServerProcess>) {
    this.#start = start;
    this.#current = start();
  }

  get current(): Promise<ServerProcess> {
    return this.#current;
  }

  async kill(): Promise<void> {
    const { child, ended } = await this.#current;
    child.kill('SIGKILL');
    assert.equal(await ended, 'SIGKILL');
    this.#current = this.#start();
    await this.#current;
  }
}

/** Answers that one scan was given, all of which must be the same. */
class Given {
  readonly answers = new Map<string, Set<string>>();

  note(answer: Record<string, unknown>): void {
    const scanId = String(answer.scanId);
    const given = this.answers.get(scanId) ?? new Set();
    given.add(said(answer));
    this.answers.set(scanId, given);
  }
}

type SentScan = ReturnType<typeof sentScan>;

/** Sends scans one after another, each until it is answered, and some again. */
async function sendSingly(scans: readonly SentScan[], server: Restarted, given: Given, random: Random): Promise<void> {
  for (const [index, scan] of scans.entries()) {
    await sendUntilAnswered(scan, server, given);
    const earlier = scans[random.int(0, index)];
    if (earlier !== undefined && random.int(0, 4) === 0) await sendUntilAnswered(earlier, server, given);
  }
}

async function sendUntilAnswered(scan: SentScan, server: Restarted, given: Given): Promise<void> {
  for (;;) {
    const { url } = await server.current;
    try {
      const response = await postJson(url, '/v1/verdicts', scan);
      const body = JSON.parse(await response.text());
      assert.ok([200, 429, 503].includes(response.status), JSON.stringify(body));
      if (response.status === 200) return given.note(body);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await sleep(5);
  }
}

/** Sends scans over one stream after another, each from the first on that was not answered. */
async function sendAsStream(scans: readonly SentScan[], server: Restarted, given: Given): Promise<void> {
  for (let answered = 0; answered < scans.length; ) {
    try {
      const stream = await openStream((await server.current).url);
      // A few at a time, so that the stream lasts over the kills.
      for (let sent = answered; sent < scans.length; ) {
        const some = scans.slice(sent, sent + 10);
        stream.send(...some);
        sent += some.length;
        const answers = await stream.next(some.length);
        for (const answer of answers) given.note(answer);
        answered += answers.length;
        if (answers.length < some.length) break;
        await sleep(2);
      }
      stream.request.destroy();
    } catch {
      // Cut off: what was not answered is sent again.
      await sleep(5);
    }
  }
}

describe('indicia serve', () => {
  it('that is killed again and again gives every scan one verdict, and every answer is that verdict', async (test) => {
    const { world, db, flags } = await post(test);
    const random = new Random('kills');
    const server = new Restarted(() => serveProcess(test, [...flags, '--detect-every', '1', '--log-level', 'warn']));
    const given = new Given();
    // Every other piece is sent by two senders as two mailpieces: which of them is the copy is told once.
    const copied = Array.from({ length: SCANS_PER_SENDER / 2 }, () => world.frank());
    const scansOf = () => copied.flatMap((payload) => [sentScan(payload), sentScan(world.frank())]);
    const [a, b, c] = [scansOf(), scansOf(), scansOf()];
    let areSent = false;
    const sending = Promise.all([
      sendSingly(a, server, given, new Random('a')),
      sendSingly(b, server, given, new Random('b')),
      sendAsStream(c, server, given),
    ]).then(() => {
      areSent = true;
    });
    let kills = 0;
    for (; kills < KILLS; kills++) {
      const before = given.answers.size;
      const giveUpAtMs = performance.now() + 30_000;
      // Each kill falls into the middle of the work, a little after some answers.
      while (!areSent && given.answers.size < before + 20 && performance.now() < giveUpAtMs) await sleep(2);
      await sleep(random.int(0, 20));
      if (areSent) break;
      await server.kill();
    }
    await sending;
    assert.equal(kills, KILLS, 'there was work left for every kill');
    const all = [...a, ...b, ...c];
    const { url, child, ended } = await server.current;
    const again = JSON.parse(await (await postJson(url, '/v1/verdicts:batch', { scans: all })).text());
    for (const answer of again.verdicts) given.note(answer);
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    const stored = await storedIn(db);
    assert.deepEqual([...stored.keys()].toSorted(), all.map(({ scanId }) => scanId).toSorted());
    for (const [scanId, answers] of given.answers) assert.deepEqual([...answers], [stored.get(scanId)], scanId);
    const copies = [...stored.values()].filter((verdict) => verdict === 'divert copy');
    assert.equal(copies.length, SCANS_PER_SENDER, 'of three mailpieces with one mark, two');
  });

  it('that is asked to stop answers what it has and ends well, and nothing that was answered is lost', async (test) => {
    const { world, db, flags } = await post(test);
    const { url, child, ended, stderr } = await serveProcess(test, flags);
    const given = new Given();
    const statuses = new Set<number | string>();
    let isStopping = false;
    const senders = Array.from({ length: 8 }, async () => {
      while (!isStopping || !statuses.has('gone')) {
        try {
          const response = await postJson(url, '/v1/verdicts', sentScan(world.frank()));
          const body = JSON.parse(await response.text());
          statuses.add(response.status);
          if (response.status === 200) given.note(body);
        } catch {
          statuses.add('gone');
        }
      }
    });
    const stream = await openStream(url);
    stream.send(...Array.from({ length: 500 }, () => sentScan(world.frank())));
    for (const answer of await stream.next(1)) given.note(answer);
    while (given.answers.size < 100) await sleep(2);
    isStopping = true;
    child.kill('SIGTERM');
    const rest = await stream.rest();
    assert.equal(rest.at(-1)?.code, 'draining');
    for (const answer of rest.slice(0, -1)) given.note(answer);
    await Promise.all(senders);
    assert.equal(await ended, 0, stderr());
    assert.match(stderr(), /"msg":"shutting down".*"msg":"stopped"/s);
    assert.ok(
      [...statuses].every((status) => [200, 503, 'gone'].includes(status)),
      `${[...statuses]}`,
    );
    const stored = await storedIn(db);
    for (const [scanId, answers] of given.answers) assert.deepEqual([...answers], [stored.get(scanId)]);
  });

  it('that is asked to stop twice ends at once', async (test) => {
    const { flags } = await post(test);
    const { url, child, ended, stderr } = await serveProcess(test, flags);
    const half = request(`${url}/v1/verdicts`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    half.on('error', () => {});
    half.write('{');
    await sleep(50);
    child.kill('SIGTERM');
    while (!stderr().includes('shutting down')) await once(child.stderr ?? child, 'data');
    child.kill('SIGTERM');
    assert.equal(await ended, 'SIGTERM');
  });

  it('whose client goes away before its answer records the scan all the same', async (test) => {
    const { world, db, flags } = await post(test);
    const { url, child, ended } = await serveProcess(test, flags);
    const scan = sentScan(world.frank());
    const body = JSON.stringify(scan);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head = `POST /v1/verdicts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    socket.write(head + body, () => socket.destroySoon());
    socket.on('error', () => {});
    for (let attempt = 0; attempt < 400; attempt++) {
      if ((await fetch(`${url}/v1/verdicts/${encodeURIComponent(scan.scanId)}`)).status === 200) break;
      await sleep(10);
    }
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.deepEqual([...(await storedIn(db)).entries()], [[scan.scanId, 'accept ']]);
  });

  it('takes what is dropped into a folder beside what it is asked, over a kill, each once', async (test) => {
    const { world, db, flags } = await post(test);
    const drop = await temporaryFolder(test);
    const dropped: string[] = [];
    const dropSome = async (count: number) => {
      for (let index = 0; index < count; index++) {
        const image = await symbolImage('datamatrix', world.frank()).png().toBuffer();
        const name = `DBCS-5_A_${String(dropped.length).padStart(3, '0')}`;
        await writeFile(join(drop, `${name}.part`), image);
        await rename(join(drop, `${name}.part`), join(drop, `${name}.png`));
        dropped.push(name.replaceAll('_', '/'));
      }
    };
    const watching = [...flags, '--drop', drop, '--settle-ms', '0', '--patience-ms', '0'];
    const doneIn = async () => (await readdir(join(drop, 'done'), { recursive: true })).filter(isPng);
    const server = new Restarted(() => serveProcess(test, watching));
    await server.current;
    await dropSome(15);
    while ((await doneIn()).length < 5) await sleep(5);
    await server.kill();
    await dropSome(5);
    const asked = sentScan(world.frank());
    await sendUntilAnswered(asked, server, new Given());
    while ((await doneIn()).length < dropped.length) await sleep(5);
    const { child, ended } = await server.current;
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    const stored = await storedIn(db);
    assert.deepEqual([...stored.keys()].toSorted(), [...dropped, asked.scanId].toSorted());
    assert.deepEqual(new Set(stored.values()), new Set(['accept ']));
  });
});

const isPng = (name: string) => name.endsWith('.png');
