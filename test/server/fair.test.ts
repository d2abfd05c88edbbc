import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { DEFAULT_POLICY } from '../../analytics/judge/index.ts';
import { ImageReaders } from '../../decode/process/index.ts';
import { ScanLinesBuilder } from '../../scans/scan-lines.ts';
import { BodyBudget } from '../../server/body.ts';
import { addToken, openTokens } from '../../server/index.ts';
import {
  BATCH_BYTES_PER_SCAN,
  BODIES_BYTES_MAX,
  CLIENT_LABELS_MAX,
  LARGE_BODIES_BYTES_MAX,
  LARGE_BODY_BYTES,
  LOOK_UPS_MAX,
  PARSE_DEBT_MS_MAX,
  PARSE_SHARE,
  READ_MS_PER_MB,
  SHARED_BATCH_COST_MAX,
  SHARED_BATCHES_AHEAD_MAX,
  SHARED_STREAM_BATCH_BYTES_MAX,
  STREAM_BATCH_BYTES_MAX,
  STREAMS_MAX,
} from '../../server/limits.ts';
import { Metrics } from '../../server/metrics.ts';
import { LookUps } from '../../server/sorter/look-ups.ts';
import { ParseShare } from '../../server/sorter/parse-share.ts';
import { PendingAnswer } from '../../server/sorter/pending-answer.ts';
import { RequestQueue } from '../../server/sorter/request-queue.ts';
import { GatheredLines } from '../../server/sorter/streams/gathered-lines.ts';
import { RoomSemaphore } from '../../server/sorter/streams/room-semaphore.ts';
import { VerdictDispatcher } from '../../server/sorter/verdict-dispatcher.ts';
import { WeightedSemaphore } from '../../server/weighted-semaphore.ts';
import { ActiveClients, FairClock } from '../../sharing/index.ts';
import { scanOf } from '../support/evidence.ts';
import { NOW_MS } from '../support/published.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { postJson, sentScan, serverIn } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SLOW = new URL('../support/slow-image-reader.ts', import.meta.url);
const LIMITS = { imageMsMax: 30_000, residentBytesMax: 2 ** 31 };

/** A server with two plants, A and B, and the headers of each. */
async function twoPlants(test: TestContext, processes = 1) {
  const tokens = join(await temporaryFolder(test), 'tokens.json');
  const grant = (name: string, plant: string) => {
    const roles = ['sorter', 'investigator'] as const;
    const granted = { name, plant, roles: [...roles], expiresAtMs: null, certificate: null };
    const { token, entry } = addToken(tokens, granted, NOW_MS, randomBytes);
    return { headers: { authorization: `Bearer ${token}` }, id: entry.id, plant };
  };
  const [a, b] = [grant('A', '10001'), grant('B', '20002')];
  const { token } = addToken(
    tokens,
    { name: 'metrics', plant: null, roles: ['metrics'], expiresAtMs: null, certificate: null },
    NOW_MS,
    randomBytes,
  );
  const access = openTokens(tokens, { nowMs: () => NOW_MS });
  const server = await serverIn(test, { access }, { images: new ImageReaders(processes, SLOW, LIMITS) });
  const metrics = async () => {
    return (await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();
  };
  return { server, a, b, metrics };
}

const pictureOf = (text: string, plant: string) =>
  sentScan(null, { plant, imageBase64: Buffer.from(text).toString('base64') });

describe('two plants at one server', () => {
  it('have pictures read in turn: a flood of one is refused to itself, and makes the other wait for a picture or two', async (test) => {
    const { server, a, b, metrics } = await twoPlants(test);
    const post = ({ headers, plant }: typeof a, text: string) => {
      return postJson(server.url, '/v1/verdicts', pictureOf(text, plant), headers);
    };
    // From now on it is known that a picture of A takes at least 400 ms, longer than a busy machine needs for a request.
    assert.equal((await post(a, 'slow at first')).status, 200);
    let answeredOfA = 0;
    const flood = Array.from({ length: 60 }, async (_, index) => {
      const { status } = await post(a, `slow ${index}`);
      if (status === 200) answeredOfA += 1;
      return status;
    });
    const isFlooded = async () => /^indicia_queue_scans\{kind="image"\} 1[0-9]$/m.test(await metrics());
    while (!(await isFlooded()));
    const before = answeredOfA;
    assert.equal((await post(b, 'cheap')).status, 200);
    assert.ok(answeredOfA - before <= 4, `${answeredOfA - before} pictures of A came first`);
    const statuses = await Promise.all(flood);
    assert.ok(statuses.includes(429), 'A has more than its share');
    const text = await metrics();
    assert.match(text, new RegExp(`^indicia_client_refusals_total\\{client="${a.id}"\\} [1-9]`, 'm'));
    assert.ok(!text.includes(`indicia_client_refusals_total{client="${b.id}"}`), 'and B was never refused');
    assert.match(text, new RegExp(`^indicia_client_queue_scans\\{client="${a.id}"\\} 0$`, 'm'));
  });

  it('each have streams of their own: one that has all it may does not keep the other out', async (test) => {
    const { server, a, b } = await twoPlants(test);
    const path = '/v1/verdicts:stream';
    const streams = [];
    for (let count = 0; count < STREAMS_MAX; count++) {
      streams.push(await openStream(server.url, path, 'POST', a.headers));
    }
    const ndjson = { 'content-type': 'application/x-ndjson' };
    const refused = await postJson(server.url, path, '', { ...a.headers, ...ndjson });
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
    const other = await openStream(server.url, path, 'POST', b.headers);
    other.send({ ...sentScan(server.world.frank()), plant: b.plant });
    assert.equal((await other.next(1))[0]?.disposition, 'accept');
    for (const { request } of [...streams, other]) request.destroy();
  });

  it('do not wait for each other where one sends batches again and again', async (test) => {
    const { server, a, b } = await twoPlants(test);
    const scans = Array.from({ length: 500 }, () => sentScan(server.world.frank(), { plant: a.plant }));
    const flood = Promise.all(
      Array.from({ length: 20 }, async () => {
        return (await postJson(server.url, '/v1/verdicts:batch', { scans }, a.headers)).status;
      }),
    );
    for (let count = 0; count < 20; count++) {
      const scan = sentScan(server.world.frank(), { plant: b.plant });
      assert.equal((await postJson(server.url, '/v1/verdicts', scan, b.headers)).status, 200);
    }
    const statuses = new Set(await flood);
    assert.ok(
      [...statuses].every((status) => status === 200 || status === 429),
      [...statuses].join(),
    );
  });
});

describe('the queue of several clients', () => {
  const limits = { scansMax: 1_000, scansFree: 10, batchScansMax: 5_000 };
  const msFor = (_client: string, scans: number) => 10 * scans;
  const queueOf = () => {
    const clock = new FairClock();
    const active = new ActiveClients();
    const queue = new RequestQueue(limits, async () => {}, { clock, active, msFor });
    const add = (client: string, count: number, bytes = 0) => {
      active.note(client);
      queue.add(
        Array.from({ length: count }, () => {
          const scan = scanOf();
          return { scan, bytes, client, pending: new PendingAnswer(scan, 0, null) };
        }),
      );
    };
    const take = async () => {
      const { value } = await queue.source('test', true).batches(null)[Symbol.asyncIterator]().next();
      return value?.scans;
    };
    return { queue, add, take };
  };

  it('refuses a client by what it has here itself, however much others have', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        (own, more, others, yetMore) => {
          const answers = [others, yetMore].map((count) => {
            const { queue, add } = queueOf();
            if (own > 0) add('a', own);
            add('b', count);
            return queue.retryAfterSeconds(more, 0, 'a');
          });
          assert.equal(answers[0], answers[1]);
        },
      ),
    );
  });

  it('refuses a client that would wait too long at its share, which is half where another waits', () => {
    const { queue, add } = queueOf();
    add('a', 60);
    assert.equal(queue.retryAfterSeconds(1, 0, 'a'), null, '0.6 s alone');
    add('b', 1);
    assert.equal(queue.retryAfterSeconds(1, 0, 'a'), 2, '1.2 s beside another');
    assert.equal(queue.retryAfterSeconds(1, 0, 'b'), null);
  });

  it('mixes clients in one batch, which is short while several are active', async () => {
    const { add, take } = queueOf();
    add('a', 900);
    add('b', 3);
    const scans = await take();
    assert.ok(Array.isArray(scans));
    assert.equal(scans.length, SHARED_BATCH_COST_MAX);
    const alone = queueOf();
    alone.add('a', 900);
    assert.equal((await alone.take())?.length, 900, 'and takes all there is from one that is alone');
  });

  it('counts what long scans cost, and lets no client fill the memory of all', async () => {
    const { queue, add, take } = queueOf();
    add('a', 200, 12 * 1024);
    add('b', 1);
    const scans = await take();
    assert.ok(Array.isArray(scans) && scans.length < SHARED_BATCH_COST_MAX / 2, `${scans?.length}`);
    assert.notEqual(queue.retryAfterSeconds(1, 2 ** 40, 'a'), null);
    assert.equal(queue.retryAfterSeconds(1, 2 ** 20, 'b'), null);
  });

  it('keeps scans that have to be looked up in the share of their client until they are found', async () => {
    const looked = Promise.withResolvers<void>();
    const queue = new RequestQueue(limits, () => looked.promise);
    const scan = scanOf();
    queue.add([{ scan, bytes: 5, client: 'a', pending: new PendingAnswer(scan, 0, null) }]);
    const { value } = await queue.source('test', true).batches(null)[Symbol.asyncIterator]().next();
    const empty = () => ({ offsets: new Uint32Array(1), bytes: new Uint8Array(0), valid: null });
    const verdicts = { dispositions: empty(), reasons: empty() };
    await value?.acknowledge({ verdicts, repeatedRows: [0], readings: null, readMs: 0, recordMs: 0 });
    assert.equal(queue.depthOf('a'), 1, 'although nobody waits for it');
    looked.resolve();
    await setImmediate();
    assert.equal(queue.depthOf('a'), 0);
  });
});

describe('what clients share', () => {
  it('of bodies: one that fills its share leaves room for another', () => {
    const budget = new BodyBudget();
    const [a, b] = [budget.shareOf('a'), budget.shareOf('b')];
    assert.ok(a.take(BODIES_BYTES_MAX));
    assert.ok(!a.take(1));
    assert.ok(b.take(BODIES_BYTES_MAX / 4));
  });

  it('of look-ups: one that has all it may waits for itself, with all of its retries in one', async () => {
    const asked: { ids: readonly string[]; answer: () => void }[] = [];
    const idOf = ({ scanId }: { readonly scanId: string }) => scanId;
    const lookUps = new LookUps((queries) => {
      const { promise, resolve } = Promise.withResolvers<never[]>();
      asked.push({ ids: queries.map(idOf), answer: () => resolve([]) });
      return promise;
    });
    const ofA = Array.from({ length: LOOK_UPS_MAX + 3 }, (_, index) =>
      lookUps.verdictsOf([{ scanId: `${index}` }], 'a'),
    );
    assert.equal(asked.length, LOOK_UPS_MAX);
    assert.throws(() => lookUps.refuseWhenFull('a'), { code: 'too-busy' });
    lookUps.refuseWhenFull('b');
    const ofB = lookUps.verdictsOf([{ scanId: 'of b' }], 'b');
    assert.deepEqual(asked.at(-1)?.ids, ['of b']);
    // Since B has one, A may have one less.
    for (const { answer } of asked.slice(0, 2)) answer();
    await Promise.all(ofA.slice(0, 2));
    await setImmediate();
    assert.deepEqual(asked.at(-1)?.ids, [LOOK_UPS_MAX, LOOK_UPS_MAX + 1, LOOK_UPS_MAX + 2].map(String));
    for (const { answer } of asked) answer();
    await Promise.all([...ofA, ofB]);
  });

  it('of the readers: streams take turns, and have less there while several clients are active', async () => {
    const active = new ActiveClients();
    const gate = new WeightedSemaphore(10_000, new FairClock(), active);
    const entered: string[] = [];
    const enter = (client: string, weight: number) => {
      active.note(client);
      return gate.enter(weight, client).then(() => void entered.push(client));
    };
    await enter('a', 5_000);
    active.note('b');
    for (let count = 0; count < 5; count++) void enter('a', SHARED_BATCH_COST_MAX);
    void enter('b', SHARED_BATCH_COST_MAX);
    await setImmediate();
    assert.deepEqual(entered, ['a'], 'what is in is more than they share');
    gate.leave(5_000);
    await setImmediate();
    assert.equal(SHARED_BATCHES_AHEAD_MAX, 2);
    assert.deepEqual(entered, ['a', 'b', 'a'], 'one of each, and no more than may be');
  });

  it('of bytes: anyone who waits for room waits for its own client only', async () => {
    const room = new RoomSemaphore(100);
    const entered: string[] = [];
    const enter = (client: string, amount: number) => room.enter(amount, client).then(() => void entered.push(client));
    await enter('a', 100);
    // B has more than A by then, whose turn it therefore is, and who has no room.
    for (let count = 0; count < 3; count++) {
      await enter('b', 60);
      room.leave(60, 'b');
    }
    void enter('a', 50);
    void enter('b', 50);
    await setImmediate();
    assert.deepEqual(entered, ['a', 'b', 'b', 'b', 'b']);
    room.leave(100, 'a');
    await setImmediate();
    assert.equal(entered.at(-1), 'a');
  });

  it('of the queue: a batch that has no room is refused by its length, before it is read', () => {
    const desk = new VerdictDispatcher({
      policy: DEFAULT_POLICY,
      verdictsOf: async () => [],
      nowMs: () => NOW_MS,
      trustVersion: () => 1,
      lateDisposition: 'manual',
      queueScansMax: 100,
      imageMsFor: () => 0,
      metrics: new Metrics(),
    });
    desk.opened();
    const waiting = Array.from({ length: 60 }, () => ({
      scan: scanOf({ mark: { kind: 'payload', payload: Buffer.alloc(1) } }),
      deadlineMs: null,
    }));
    desk.ask(waiting, 0, 'a');
    desk.refuseWhenBehind('a', 1);
    desk.refuseWhenBehind('a', BATCH_BYTES_PER_SCAN * 20);
    assert.throws(() => desk.refuseWhenBehind('a', BATCH_BYTES_PER_SCAN * 60), { code: 'too-busy' });
    desk.refuseWhenBehind('b', BATCH_BYTES_PER_SCAN * 60);
  });

  const large = `${LARGE_BODY_BYTES}`;

  it('of the one thread that parses: large bodies are refused to a client that owes more than its share, before they are read', () => {
    let nowMs = 0;
    const active = new ActiveClients(() => nowMs);
    const parsing = new ParseShare(active, () => nowMs);
    const spend = (client: string, ms: number) => {
      active.note(client);
      parsing.spend(client, LARGE_BODY_BYTES, () => {
        nowMs += ms;
      });
    };
    spend('a', PARSE_DEBT_MS_MAX + 30);
    parsing.enter('a', large)();
    active.note('b');
    assert.throws(() => parsing.enter('a', large), { code: 'too-busy', retryAfterSeconds: 1 });
    assert.throws(() => parsing.enter('a', undefined), { code: 'too-busy' });
    parsing.enter('a', '1000');
    parsing.enter('b', large)();
    nowMs += (2 * 31) / PARSE_SHARE;
    parsing.enter('a', large)();
  });

  it('of the same thread: a client has one very large body on its way, or several that are not', () => {
    const active = new ActiveClients();
    const parsing = new ParseShare(active);
    const very = `${LARGE_BODIES_BYTES_MAX + 1}`;
    active.note('a');
    const leave = parsing.enter('a', very);
    parsing.enter('a', very)();
    active.note('b');
    assert.throws(() => parsing.enter('a', very), { code: 'too-busy', retryAfterSeconds: 1 });
    parsing.enter('b', very)();
    leave();
    parsing.enter('a', very)();
    const half = `${LARGE_BODIES_BYTES_MAX / 2}`;
    parsing.enter('a', half);
    parsing.enter('a', half);
    assert.throws(() => parsing.enter('a', half), { code: 'too-busy' });
  });

  it('of the same thread: what was read counts, and who owes too much waits until it is paid', async () => {
    const active = new ActiveClients();
    const parsing = new ParseShare(active);
    active.note('a');
    parsing.read('a', ((PARSE_DEBT_MS_MAX + 12) / READ_MS_PER_MB) * 1e6);
    await parsing.paid('a');
    active.note('b');
    await parsing.paid('b');
    assert.throws(() => parsing.enter('a', large), { code: 'too-busy' });
    await parsing.paid('a');
    parsing.enter('a', large)();
  });

  it('of metrics: so many clients have a label of their own, and the others one together', async () => {
    const metrics = new Metrics();
    for (let count = 0; count < CLIENT_LABELS_MAX + 50; count++) metrics.refused('too-busy', `token ${count}`);
    const text = await metrics.registry.getSingleMetricAsString('indicia_client_refusals_total');
    assert.equal(text.match(/^indicia_client_refusals_total\{/gm)?.length, CLIENT_LABELS_MAX + 1);
    assert.match(text, /client="other"\} 50$/m);
  });
});

describe('lines that a stream gathers', () => {
  const lineOf = (text: string) => ({
    bytes: Buffer.from(text),
    skippedDigest: null,
    endOffset: 0,
    isTerminated: true,
  });

  it('go together in small batches while several clients are active, and by bytes in any case', () => {
    const active = new ActiveClients();
    const gathered = new GatheredLines<number>('test', { imageFolder: null }, active);
    active.note('a');
    for (let row = 0; row < SHARED_BATCH_COST_MAX; row++) gathered.add(lineOf('{}'), row);
    assert.equal(gathered.isFull, false);
    gathered.take();
    active.note('b');
    for (let row = 0; row < SHARED_BATCH_COST_MAX; row++) gathered.add(lineOf('{}'), row);
    assert.equal(gathered.isFull, true);
    gathered.take();
    gathered.add(lineOf('x'.repeat(SHARED_STREAM_BATCH_BYTES_MAX)), 0);
    assert.equal(gathered.isFull, true);
    gathered.take();
    const alone = new GatheredLines<number>('test', { imageFolder: null }, new ActiveClients());
    alone.add(lineOf('x'.repeat(SHARED_STREAM_BATCH_BYTES_MAX)), 0);
    assert.equal(alone.isFull, false);
    alone.add(lineOf('x'.repeat(STREAM_BATCH_BYTES_MAX - SHARED_STREAM_BATCH_BYTES_MAX)), 1);
    assert.equal(alone.isFull, true);
  });

  it('are taken for images also where the name of the field is escaped', () => {
    for (const line of ['{"imageBase64":""}', '{"\\u0069mageBase64":""}', '{"im\\u0061ge":""}']) {
      const builder = new ScanLinesBuilder('test', { imageFolder: null });
      builder.add(lineOf(line));
      assert.equal(builder.take(1).mayNameImages, true, line);
    }
  });
});
