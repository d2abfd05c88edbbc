import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { StoreReader } from '../../analytics/index.ts';
import { ImageReaders } from '../../decode/process/index.ts';
import type { BatchAnswers } from '../../scans/index.ts';
import { LATE_LISTENERS_MAX, LOOK_UPS_MAX, QUEUE_WAIT_MS_MAX, STUCK_MS_MAX } from '../../server/limits.ts';
import { liveness, readiness } from '../../server/sorter/health.ts';
import { LookUps } from '../../server/sorter/look-ups.ts';
import { PendingAnswer } from '../../server/sorter/pending-answer.ts';
import { RequestQueue } from '../../server/sorter/request-queue.ts';
import { ServiceRate } from '../../server/sorter/service-rate.ts';
import { scanOf } from '../support/evidence.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { postJson, sentScan, serverIn } from '../support/sorter-server.ts';

const SLOW = new URL('../support/slow-image-reader.ts', import.meta.url);
const images = () => new ImageReaders(1, SLOW, { imageMsMax: 5_000, residentBytesMax: 2 ** 31 });
const imageOf = (text: string) => ({ imageBase64: Buffer.from(text).toString('base64') });

describe('a server that has too much to do', () => {
  it('says so at once, and when to come again, instead of letting everybody wait', async (test) => {
    const server = await serverIn(test, {}, { images: images() });
    const post = (text: string) => postJson(server.url, '/v1/verdicts', sentScan(null, imageOf(text)));
    // From now on it is known that one takes at least 120 ms.
    assert.equal((await post('wait for me')).status, 200);
    const answers = await Promise.all(Array.from({ length: 40 }, () => post('wait for me')));
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(answers.filter(({ status }) => status === 200).length, 40 - refused.length);
    assert.ok(refused.length > 0 && refused.length < 40, `${refused.length} refused`);
    for (const answer of refused) {
      const seconds = Number(answer.headers.get('retry-after'));
      assert.ok(seconds >= 1 && seconds <= 60, `${seconds} s`);
      assert.equal(JSON.parse(await answer.text()).code, 'too-busy');
    }
    assert.equal((await post('once more')).status, 200, 'and goes on when it has worked that off');
    assert.match(
      await (await fetch(`${server.url}/metrics`)).text(),
      new RegExp(`^indicia_problems_total\\{code="too-busy"\\} ${refused.length}$`, 'm'),
    );
  });

  it('that is shutting down takes nothing more, says so, and answers what it has', async (test) => {
    const server = await serverIn(test, {}, { images: images() });
    const slow = sentScan(null, imageOf('slow while shutting down'));
    const answer = postJson(server.url, '/v1/verdicts', slow);
    while (!/^indicia_queue_scans\{kind="image"\} 1$/m.test(await (await fetch(`${server.url}/metrics`)).text()));
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    const stopped = server.service.stop();
    const ready = await fetch(`${server.url}/readyz`);
    const { status, checks } = JSON.parse(await ready.text());
    assert.deepEqual([ready.status, status, checks.accepting.ok, checks.store.ok], [503, 'failing', false, true]);
    assert.equal((await fetch(`${server.url}/livez`)).status, 200);
    const another = await postJson(server.url, '/v1/verdicts', sentScan(server.world.frank()));
    assert.deepEqual([another.status, another.headers.get('retry-after')], [503, '5']);
    assert.equal(JSON.parse(await another.text()).code, 'draining');
    assert.equal(another.headers.get('connection'), 'close');
    const given = JSON.parse(await (await answer).text());
    await stopped;
    const reader = await StoreReader.open(server.db);
    const verdicts = await Array.fromAsync(reader.verdicts());
    reader.close();
    assert.deepEqual(
      verdicts.map(({ scanId, disposition }) => [scanId, disposition]),
      [[slow.scanId, given.disposition]],
    );
  });

  it('that is shutting down still tells listeners the verdicts that come late', async (test) => {
    const server = await serverIn(test, {}, { images: images() });
    const listener = await openStream(server.url, '/v1/verdicts:late', 'GET');
    const slow = sentScan(null, { ...imageOf('slow while it ends'), deadlineMs: 20 });
    const late = JSON.parse(await (await postJson(server.url, '/v1/verdicts', slow)).text());
    assert.equal(late.late, true);
    const stopped = server.service.stop();
    assert.deepEqual(
      (await listener.rest()).map(({ scanId, late }) => [scanId, late]),
      [[slow.scanId, false]],
    );
    await stopped;
  });

  it('of listeners, too, says so and when to come again', async (test) => {
    const server = await serverIn(test);
    const listeners = await Promise.all(
      Array.from({ length: LATE_LISTENERS_MAX }, () => openStream(server.url, '/v1/verdicts:late', 'GET')),
    );
    const refused = await fetch(`${server.url}/v1/verdicts:late`);
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
    assert.equal(JSON.parse(await refused.text()).code, 'too-busy');
    for (const { request } of listeners) request.destroy();
  });

  it('whose disk is full refuses, is not ready, keeps what it has, and goes on by itself', async () => {
    // A mount namespace of its own: the tests need not be run by root, and nothing stays mounted.
    const isRoot = process.getuid?.() === 0;
    const unshare = isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
    const program = new URL('../support/full-disk-server.ts', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)('unshare', [...unshare, process.execPath, program]);
    const result = JSON.parse(stdout);
    assert.deepEqual(result, {
      ...result,
      paused: [503, 'store-paused', '5'],
      readyWhilePaused: [503, false],
      liveWhilePaused: 200,
      told: ['store-paused', 'true divert'],
      readyAgain: 200,
      endsWithoutRoom: [true, false],
      isEachOnce: true,
      areAllRecorded: true,
      doAnswersAgree: true,
    });
  });
});

describe('the queue of requests', () => {
  const answers: BatchAnswers = {
    verdicts: { dispositions: empty(), reasons: empty() },
    repeatedRows: [],
    readings: null,
    readMs: 0,
    recordMs: 0,
  };

  it('gives every scan once, in order, whatever comes and goes meanwhile, and no more in a batch than may be', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constant('take' as const)), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, batchScansMax) => {
          const done: string[] = [];
          const queue = new RequestQueue({ scansMax: 1e6, scansFree: 1e6, batchScansMax }, async ({ batch }) => {
            for (const { scan } of batch) done.push(scan.scanId);
          });
          const batches = queue.source('test', true).batches(null)[Symbol.asyncIterator]();
          const sent: string[] = [];
          const takeOne = async () => {
            const { value } = await batches.next();
            assert.ok(Array.isArray(value.scans) && value.scans.length <= batchScansMax);
            await value.acknowledge(answers);
          };
          for (const step of steps) {
            if (step !== 'take') {
              const scans = Array.from({ length: step }, () => scanOf());
              sent.push(...scans.map(({ scanId }) => scanId));
              queue.add(
                scans.map((scan) => ({ scan, bytes: 1, client: '', pending: new PendingAnswer(scan, 0, null) })),
              );
            } else if (done.length < sent.length) await takeOne();
            assert.equal(queue.depth, sent.length - done.length);
          }
          queue.end();
          while (done.length < sent.length) await takeOne();
          assert.equal((await batches.next()).done, true);
          assert.deepEqual(done, sent);
        },
      ),
    );
  });

  it('lets in so many whatever happens, then as many as will not wait long, and never more than its bounds', () => {
    const queue = new RequestQueue({ scansMax: 100, scansFree: 10, batchScansMax: 5 }, async () => {});
    const add = (count: number, bytes = 1) => {
      queue.add(
        Array.from({ length: count }, () => {
          const scan = scanOf();
          return { scan, bytes, client: '', pending: new PendingAnswer(scan, 0, null) };
        }),
      );
    };
    assert.equal(queue.retryAfterSeconds(1_000, 2 ** 40), null, 'a caller that finds it empty is let in');
    add(99);
    assert.equal(queue.retryAfterSeconds(1, 1), null, 'nothing is known of its rate yet');
    assert.equal(queue.retryAfterSeconds(2, 1), 1, 'more scans than it may hold');
    assert.equal(queue.retryAfterSeconds(1, 2 ** 40), 1, 'more bytes than it may hold');
  });

  it('knows how long its work takes, also when batches overlap and nothing came for long', () => {
    const rate = new ServiceRate();
    assert.equal(rate.msFor(1_000), 0);
    rate.note(100, 0, 100);
    rate.note(100, 10, 200);
    assert.equal(Math.round(rate.msFor(100)), 100);
    // An hour without work does not count as work.
    rate.note(100, 3_600_000, 3_600_100);
    assert.equal(Math.round(rate.msFor(100)), 100);
    for (let count = 0; count < 50; count++) rate.note(100, 4e6 + count * 1_000, 4e6 + count * 1_000 + 1_000);
    assert.ok(rate.msFor(100) > 900 && rate.msFor(100) <= 1_000, 'what was long ago fades');
    assert.ok(rate.msFor(200) > QUEUE_WAIT_MS_MAX);
  });
});

describe('look-ups', () => {
  it('are refused while many are under way, and retries wait for room', async () => {
    const answers: (() => void)[] = [];
    const lookUps = new LookUps(async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return [];
    });
    const underWay = Array.from({ length: LOOK_UPS_MAX - 1 }, () => lookUps.verdictsOf([{ scanId: 'a' }]));
    lookUps.refuseWhenFull();
    await lookUps.room();
    underWay.push(lookUps.verdictsOf([{ scanId: 'b' }]));
    assert.throws(() => lookUps.refuseWhenFull(), { code: 'too-busy', retryAfterSeconds: 1 });
    let hasRoom = false;
    const room = lookUps.room().then(() => {
      hasRoom = true;
    });
    await setImmediate();
    assert.equal(hasRoom, false);
    answers[0]?.();
    await room;
    lookUps.refuseWhenFull();
    for (const answer of answers) answer();
    await Promise.all(underWay);
  });
});

function empty() {
  return { offsets: new Uint32Array(1), bytes: new Uint8Array(0), valid: null };
}

describe('health', () => {
  const trust = { version: 3, expiresAtMs: 2_000 };
  const ready = { store: { kind: 'open' }, isDraining: false, lake: null, trust, nowMs: 1_000 } as const;

  it('is ready with an open store, restored sightings and a trust list that still says something', () => {
    assert.equal(readiness(ready).status, 'ok');
    const failing = (change: object) => {
      const { status, checks } = readiness({ ...ready, ...change });
      assert.equal(status, 'failing');
      return Object.keys(checks).filter((name) => checks[name]?.ok === false);
    };
    assert.deepEqual(failing({ store: { kind: 'opening', detail: '3 of 7' } }), ['store', 'sightings']);
    assert.deepEqual(failing({ store: { kind: 'paused', reason: 'no room' } }), ['store']);
    assert.deepEqual(failing({ nowMs: 2_000 }), ['trust']);
    assert.deepEqual(failing({ isDraining: true }), ['accepting']);
  });

  it('is alive as long as what waits gets on, or cannot because of the store', () => {
    const longAgo = performance.now() - STUCK_MS_MAX - 1_000;
    const stuck = { store: { kind: 'open' }, oldestAtMs: longAgo, progressAtMs: longAgo } as const;
    assert.equal(liveness(stuck).status, 'failing');
    assert.equal(liveness({ ...stuck, oldestAtMs: null }).status, 'ok');
    assert.equal(liveness({ ...stuck, progressAtMs: performance.now() }).status, 'ok');
    assert.equal(liveness({ ...stuck, store: { kind: 'paused', reason: 'no room' } }).status, 'ok');
  });

  it('of a server that is on is told over HTTP', async (test) => {
    const server = await serverIn(test);
    const { checks } = JSON.parse(await (await fetch(`${server.url}/readyz`)).text());
    assert.deepEqual(Object.keys(checks), ['store', 'sightings', 'trust', 'accepting']);
    const listener = await openStream(server.url, '/v1/verdicts:late', 'GET');
    await server.service.stop();
    assert.deepEqual(await listener.rest(), [], 'listeners are let go');
  });
});
