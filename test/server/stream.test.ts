import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { before, describe, it, type TestContext } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { StoreReader } from '../../analytics/index.ts';
import { ImageReaders } from '../../decode/process/index.ts';
import { BATCH_SCANS_MAX } from '../../indicium/index.ts';
import { type BatchAnswers, parseScanLines } from '../../scans/index.ts';
import { isBlank, ScanLinesBuilder } from '../../scans/scan-lines.ts';
import { STREAM_BATCHES_UNREAD_MAX } from '../../server/limits.ts';
import { lateAnswerOf } from '../../server/sorter/answers.ts';
import { PendingAnswer } from '../../server/sorter/pending-answer.ts';
import { AnswerWriter } from '../../server/sorter/streams/answer-writer.ts';
import { RoomSemaphore } from '../../server/sorter/streams/room-semaphore.ts';
import { ScanStream } from '../../server/sorter/streams/scan-stream.ts';
import { deadlineOfLine } from '../../server/sorter/streams/stream-line.ts';
import type { StreamPorts } from '../../server/sorter/streams/stream-ports.ts';
import { WeightedSemaphore } from '../../server/weighted-semaphore.ts';
import { ActiveClients } from '../../sharing/index.ts';
import { symbolImage } from '../support/pictures.ts';
import { openStream } from '../support/scan-stream-client.ts';
import { type LocalServer, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';

const SLOW = new URL('../support/slow-image-reader.ts', import.meta.url);
const LIMITS = { imageMsMax: 1_500, residentBytesMax: 2 ** 31 };

async function verdictsIn(db: string) {
  const reader = await StoreReader.open(db);
  const verdicts = await Array.fromAsync(reader.verdicts());
  reader.close();
  return verdicts;
}

/** An image that a reader takes long for, so that its verdict is late. */
const slowImage = (name: string) => Buffer.from(`slow ${name}`).toString('base64');

describe('POST /v1/verdicts:stream', () => {
  let server: LocalServer;
  const scope = suiteScope();
  before(async () => {
    server = await serverIn(scope, {}, { images: new ImageReaders(1, SLOW, LIMITS) });
  });

  it('answers each line as soon as it comes, in the order of the lines, while more may follow', async () => {
    const stream = await openStream(server.url);
    for (let round = 0; round < 3; round++) {
      const scans = Array.from({ length: 1 + round * 50 }, () => sentScan(server.world.frank()));
      stream.send(...scans);
      const answers = await stream.next(scans.length);
      assert.deepEqual(
        answers.map(({ scanId, disposition }) => [scanId, disposition]),
        scans.map(({ scanId }) => [scanId, 'accept']),
      );
    }
    stream.request.end();
    assert.deepEqual(await stream.rest(), []);
  });

  it('also answers what is not a scan, and takes no answer for an empty line', async () => {
    const stream = await openStream(server.url);
    const good = sentScan(server.world.frank());
    const image = await symbolImage('datamatrix', server.world.frank()).png().toBuffer();
    const pictured = sentScan(null, { imageBase64: image.toString('base64') });
    stream.send('{', '', '   ', '\u{a0}', '\u0000\u001f', 'null', good, { ...good, payload: 'AA==' }, pictured);
    stream.send(sentScan(null, { image: '../secret.png' }), 'x'.repeat(7 * 1024 * 1024));
    // A last line needs no end.
    const last = sentScan(server.world.frank());
    stream.request.end(JSON.stringify(last));
    const answers = await stream.rest();
    assert.deepEqual(
      answers.map((answer) => answer.code ?? (answer.disposition === 'accept' ? 'accept' : reasonsOf(answer))),
      [
        'scan-malformed',
        'scan-malformed',
        'scan-malformed',
        'accept',
        'unknown-version,scan-id-reused',
        'accept',
        'image-refused',
        'scan-malformed',
        'accept',
      ],
    );
    assert.equal(answers[4]?.scanId, good.scanId);
  });

  it('answers the default when a deadline passes, and publishes the verdict when it is there', async () => {
    const listener = await openStream(server.url, '/v1/verdicts:late', 'GET');
    const stream = await openStream(server.url);
    const slow = sentScan(null, { imageBase64: slowImage('on a stream'), deadlineMs: 50 });
    const patient = sentScan(server.world.frank(), { deadlineMs: 60_000 });
    stream.send(slow, patient);
    const [late, onTime] = await stream.next(2);
    assert.deepEqual([late?.scanId, late?.late, late?.disposition], [slow.scanId, true, 'manual']);
    assert.deepEqual(reasonsOf(late), 'deadline-passed');
    assert.deepEqual([onTime?.scanId, onTime?.late, onTime?.disposition], [patient.scanId, false, 'accept']);
    const [published] = await listener.next(1);
    assert.deepEqual(
      [published?.scanId, published?.late, reasonsOf(published)],
      [slow.scanId, false, 'image-unsupported'],
    );
    listener.request.destroy();
    stream.request.end();
    assert.deepEqual(await stream.rest(), []);
  });

  it('refuses an invalid deadline, in the place of its line, and records nothing', async () => {
    const stream = await openStream(server.url);
    const [a, b, c] = [0, '50', 60_001].map((deadlineMs) => sentScan(server.world.frank(), { deadlineMs }));
    const good = sentScan(server.world.frank(), { deadlineMs: null });
    stream.send(...[a, b, good, c].map((scan) => scan ?? {}));
    stream.request.end();
    assert.deepEqual(
      (await stream.rest()).map(({ code, disposition, scanId }) => [code ?? disposition, scanId]),
      [
        ['bad-request', a?.scanId],
        ['bad-request', b?.scanId],
        ['accept', good.scanId],
        ['bad-request', c?.scanId],
      ],
    );
    const response = await fetch(`${server.url}/v1/verdicts/${encodeURIComponent(String(a?.scanId))}`);
    assert.equal(response.status, 404);
  });

  it('counts among what waits, like every other scan', async () => {
    const stream = await openStream(server.url);
    stream.send(sentScan(null, { imageBase64: slowImage('and counted') }));
    const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
    let seen = await metrics();
    while (!/^indicia_queue_scans\{kind="stream"\} 1$/m.test(seen)) seen = await metrics();
    while (!/^indicia_lag_seconds 0\.\d/m.test(seen)) seen = await metrics();
    await stream.next(1);
    while (!/^indicia_queue_scans\{kind="stream"\} 0$/m.test(seen)) seen = await metrics();
    stream.request.end();
    assert.deepEqual(await stream.rest(), []);
  });

  it('records what a client sent whole before it went away', async () => {
    const stream = await openStream(server.url);
    const scans = Array.from({ length: 20 }, () => sentScan(server.world.frank()));
    const half = sentScan(server.world.frank());
    stream.send(...scans);
    stream.request.write(JSON.stringify(half).slice(0, -5));
    await stream.next(1);
    stream.request.destroy();
    for (const { scanId } of scans) await untilFound(server.url, scanId);
    const response = await fetch(`${server.url}/v1/verdicts/${encodeURIComponent(half.scanId)}`);
    assert.equal(response.status, 404, 'half a line does not count');
  });

  it('of a client that does not read holds up no other', async () => {
    const stream = await openStream(server.url);
    stream.response.pause();
    const chunk = `${JSON.stringify(sentScan(null, { scanId: 'X'.repeat(200) }))}\n`.repeat(2_000);
    for (let attempt = 0; attempt < 10; attempt++) stream.request.write(chunk);
    const honest = await openStream(server.url);
    honest.send(sentScan(server.world.frank()));
    assert.equal((await honest.next(1))[0]?.disposition, 'accept');
    for (const { request } of [stream, honest]) request.destroy();
  });

  it('ends behind the last answer when the server shuts down, and nothing is lost', async () => {
    const stream = await openStream(server.url);
    const scans = Array.from({ length: 2_000 }, () => sentScan(server.world.frank()));
    stream.send(...scans);
    const [first] = await stream.next(1);
    const stopped = server.service.stop();
    const lines = [first, ...(await stream.rest())];
    const last = lines.at(-1);
    const answers = lines.slice(0, -1);
    await stopped;
    assert.deepEqual([last?.code, last?.status, last?.endedAfterLine], ['draining', 503, answers.length]);
    assert.match(String(last?.detail), /send again, on a new one, all lines that have no answer/);
    assert.deepEqual(
      answers.map((answer) => answer?.scanId),
      scans.slice(0, answers.length).map(({ scanId }) => scanId),
    );
    const recorded = new Map((await verdictsIn(server.db)).map((verdict) => [verdict.scanId, verdict.disposition]));
    for (const answer of answers) assert.equal(recorded.get(String(answer?.scanId)), answer?.disposition);
    assert.equal(
      scans.filter(({ scanId }) => recorded.has(scanId)).length,
      answers.length,
      'what was recorded was answered',
    );
  });
});

describe('a deadline', () => {
  let server: LocalServer;
  const scope = suiteScope();
  before(async () => {
    const images = new ImageReaders(1, SLOW, LIMITS);
    server = await serverIn(scope, { lateDisposition: 'accept' }, { images });
  });
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return JSON.parse(await response.text());
  };

  it('is kept for a single scan, whose verdict a retry, a look-up and the list of late ones give', async () => {
    const scan = sentScan(null, { imageBase64: slowImage('alone') });
    const late = await post('/v1/verdicts', { ...scan, deadlineMs: 30 });
    assert.deepEqual([late.late, late.disposition, late.fields], [true, 'accept', null]);
    assert.deepEqual([late.reasons[0].code, late.reasons[0].treatment], ['deadline-passed', 'pass']);
    const retry = await post('/v1/verdicts', scan);
    assert.deepEqual([retry.late, retry.disposition, retry.repeated], [false, 'manual', true]);
    const found = await untilFound(server.url, scan.scanId);
    assert.deepEqual([found.late, found.disposition, reasonsOf(found)], [false, 'manual', 'image-unsupported']);
    const listener = await openStream(server.url, '/v1/verdicts:late', 'GET');
    assert.deepEqual([(await listener.next(1))[0]?.scanId], [scan.scanId], 'a listener that comes later is also told');
    listener.request.destroy();
    assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^indicia_late_total 1$/m);
  });

  it('lets a verdict be published once, however often its scan was sent', async () => {
    const listener = await openStream(server.url, '/v1/verdicts:late', 'GET');
    const scan = sentScan(null, { imageBase64: slowImage('sent again and again'), deadlineMs: 30 });
    const another = { ...scan, mailpieceId: 'another' };
    await Promise.all([
      ...[scan, scan, another].map((one) => post('/v1/verdicts', one)),
      post('/v1/verdicts:batch', { scans: [scan, scan] }),
    ]);
    // Answered behind all of them.
    await post('/v1/verdicts', { ...scan, deadlineMs: null });
    const last = sentScan(null, { imageBase64: slowImage('the last'), deadlineMs: 30 });
    await post('/v1/verdicts', last);
    const published: Record<string, unknown>[] = [];
    while (published.at(-1)?.scanId !== last.scanId) published.push(...(await listener.next(1)));
    assert.deepEqual(
      published.filter(({ scanId }) => scanId === scan.scanId).map(({ code, repeated }) => [code, repeated]),
      [
        [undefined, false],
        [undefined, false],
      ],
      'once for each of the two scans under the id',
    );
    listener.request.destroy();
  });

  it('of a batch is for each scan that has none of its own', async () => {
    const slow = sentScan(null, { imageBase64: slowImage('in a batch') });
    const patient = sentScan(null, { imageBase64: slowImage('with time'), deadlineMs: 20_000 });
    const quick = sentScan(server.world.frank());
    const { verdicts } = await post('/v1/verdicts:batch', { scans: [slow, patient, quick], deadlineMs: 300 });
    assert.deepEqual(
      verdicts.map(({ late, disposition }: { late: boolean; disposition: string }) => [late, disposition]),
      [
        [true, 'accept'],
        [false, 'manual'],
        [false, 'accept'],
      ],
    );
  });

  it('is not a verdict: an image that hangs its reader holds up no other, and goes to a person in the end', async () => {
    const hanging = sentScan(null, { imageBase64: Buffer.from('hang the reader').toString('base64') });
    const killing = sentScan(null, { imageBase64: Buffer.from('kill the reader').toString('base64') });
    const late = await post('/v1/verdicts', { ...hanging, deadlineMs: 20 });
    assert.deepEqual([late.late, late.disposition], [true, 'accept']);
    const meanwhile = await post('/v1/verdicts', sentScan(server.world.frank()));
    assert.deepEqual([meanwhile.late, meanwhile.disposition], [false, 'accept']);
    assert.equal(reasonsOf(await post('/v1/verdicts', killing)), 'reader-failed');
    assert.equal(reasonsOf(await untilFound(server.url, hanging.scanId)), 'reader-timeout');
    const image = await symbolImage('datamatrix', server.world.frank()).png().toBuffer();
    const after = await post('/v1/verdicts', sentScan(null, { imageBase64: image.toString('base64') }));
    assert.equal(after.disposition, 'accept', 'and its reader was replaced');
  });
});

describe('the lines of a stream', () => {
  const late = { disposition: 'manual', trustVersion: 1, policyVersion: 1 } as const;
  /** A stream whose pipeline is the test. */
  const streamOf = (test: TestContext, change: Partial<StreamPorts> = {}) => {
    const input = new PassThrough();
    const output = new PassThrough({ highWaterMark: 16 });
    const stream = new ScanStream({
      label: 'test',
      origin: { imageFolder: null },
      client: '',
      active: new ActiveClients(),
      semaphores: { bytes: new RoomSemaphore(1e6), lines: new WeightedSemaphore(1e6) },
      paid: async () => {},
      output: new AnswerWriter(output),
      refusal: () => null,
      pendingOf: (scan, arrivedAtMs, ms) => {
        const lateAnswer = () => lateAnswerOf({ ...scan, arrivedAtMs }, late);
        return new PendingAnswer(scan, arrivedAtMs, { ms, lateAnswer, onLateVerdict: () => {} });
      },
      room: async () => {},
      answersOf: (_answers, { arrivedAtMs }) => [
        lateAnswerOf({ scanId: 'answered', plant: null, arrivedAtMs: arrivedAtMs(0) }, late),
      ],
      ...change,
    });
    test.after(() => {
      input.destroy();
      output.destroy();
    });
    const batches = stream.source(input).batches(null)[Symbol.asyncIterator]();
    /** A batch that has its turn in the readers. */
    const take = async () => {
      const { value } = await batches.next();
      await value.turn();
      return value;
    };
    // Nothing is read before it is asked for.
    let lines: AsyncIterator<string> | undefined;
    const answer = async () => {
      lines ??= createInterface({ input: output })[Symbol.asyncIterator]();
      return JSON.parse(String((await lines.next()).value));
    };
    return { stream, input, output, take, answer };
  };
  const answers: BatchAnswers = {
    verdicts: { dispositions: empty(), reasons: empty() },
    repeatedRows: [],
    readings: null,
    readMs: 0,
    recordMs: 0,
  };
  const line = (scanId: string, deadlineMs?: number) => `${JSON.stringify({ scanId, deadlineMs })}\n`;

  it('are answered when their deadlines pass, whether the pipeline has taken them up or not', async (test) => {
    const { input, take, answer } = streamOf(test);
    input.write(line('taken', 20));
    await take();
    input.write(line('waiting', 20));
    assert.deepEqual([(await answer()).scanId, (await answer()).scanId], ['taken', 'waiting']);
    // More than go together, of which the last wait for the first to be taken.
    const many = Array.from({ length: BATCH_SCANS_MAX + 200 }, (_, index) => `${index}`);
    input.write(many.map((scanId) => line(scanId, 20)).join(''));
    for (const scanId of many) assert.equal((await answer()).scanId, scanId);
    const rows: number[] = [];
    while (rows.reduce((total, count) => total + count, 0) <= many.length) {
      const { scans } = await take();
      rows.push(scans.ends.length);
    }
    assert.deepEqual(rows, [BATCH_SCANS_MAX, 201], 'and none is lost');
  });

  it('are read no faster than the time for that is paid', async (test) => {
    const paid = Promise.withResolvers<void>();
    const read: number[] = [];
    const { stream, input } = streamOf(test, {
      paid: (bytes) => {
        read.push(bytes);
        return paid.promise;
      },
    });
    const first = line('first');
    input.write(first);
    await setImmediate();
    input.write(line('second'));
    await setImmediate();
    assert.deepEqual([read, stream.depth], [[first.length], 1]);
    paid.resolve();
    await setImmediate();
    assert.equal(stream.depth, 2);
  });

  it('that cannot be answered end the stream, and nothing else', async (test) => {
    for (const deadlineMs of [undefined, 60_000]) {
      const failing = () => [1, 2, 3].map(() => Promise.reject(new Error('interrupted')));
      const { input, output, take } = streamOf(test, { answersOf: failing });
      const closed = once(output, 'close');
      input.write(['a', 'b', 'c'].map((scanId) => line(scanId, deadlineMs)).join(''));
      const batch = await take();
      await batch.acknowledge(answers);
      await closed;
    }
  });

  it('of all streams together are ahead of others by so many and no more', async (test) => {
    const semaphores = { bytes: new RoomSemaphore(1e6), lines: new WeightedSemaphore(3) };
    const first = streamOf(test, { semaphores });
    const second = streamOf(test, { semaphores });
    first.input.write(line('a'));
    const held = await first.take();
    second.input.write(`${line('b')}${line('c')}${line('d')}`);
    let isTaken = false;
    const waiting = second.take().then(() => {
      isTaken = true;
    });
    await setImmediate();
    assert.deepEqual([isTaken, second.stream.depth], [false, 3]);
    await Promise.all([held.acknowledge(answers), first.answer()]);
    await waiting;
  });

  it('show since when they wait, and those of a sender who does not read hold up nobody else', async (test) => {
    const semaphores = { bytes: new RoomSemaphore(1e6), lines: new WeightedSemaphore(1) };
    const { stream, input, take, answer } = streamOf(test, { semaphores });
    assert.equal(stream.oldestAtMs, null);
    for (let count = 0; count < STREAM_BATCHES_UNREAD_MAX; count++) {
      input.write(line('unread'));
      const batch = await take();
      assert.ok(stream.oldestAtMs !== null);
      await batch.acknowledge(answers);
    }
    input.write(line('waiting'));
    let isTaken = false;
    const waiting = take().then(() => {
      isTaken = true;
    });
    await setImmediate();
    assert.deepEqual([isTaken, stream.depth, stream.oldestAtMs], [false, 1, null]);
    const other = streamOf(test, { semaphores });
    other.input.write(line('b'));
    await (await other.take()).acknowledge(answers);
    await answer();
    await waiting;
  });

  it('are empty where the parser of lines finds them so, whatever blanks and controls they have', () => {
    const bytes = fc.oneof(
      fc
        .string({ unit: fc.constantFrom(...'\u0000\t\v\u001f \u007f\u0085\u00a0\u2003\u2028\ufeffa') })
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array)),
    );
    fc.assert(
      fc.property(bytes, (bytes) => {
        const line = { bytes, skippedDigest: null, endOffset: 0, isTerminated: true };
        const builder = new ScanLinesBuilder('test', { imageFolder: null });
        builder.add(line);
        assert.equal(isBlank(bytes), [...parseScanLines(builder.take(1))].length === 0);
      }),
    );
  });

  it('are late for the plant of the token, no matter what plant they name', () => {
    const of = (record: object, plant?: string) => {
      const bytes = Buffer.from(JSON.stringify({ scanId: 'S', deadlineMs: 5, ...record }));
      const line = { bytes, skippedDigest: null, endOffset: 0, isTerminated: true };
      return deadlineOfLine(line, { imageFolder: null, plant }, 'test:1');
    };
    assert.deepEqual(of({}, 'A'), { scanId: 'S', plant: 'A', ms: 5 });
    assert.deepEqual(of({ plant: 'A' }, 'A'), { scanId: 'S', plant: 'A', ms: 5 });
    assert.deepEqual(of({ plant: 'B' }, 'A'), { scanId: 'test:1', plant: 'A', ms: 5 });
    assert.deepEqual(of({ plant: 'B' }), { scanId: 'S', plant: 'B', ms: 5 });
    assert.equal(of({ deadlineMs: null }, 'A'), null);
  });
});

describe('the answers of a stream', () => {
  it('that nobody reads for too long cut the connection', async () => {
    const response = new PassThrough({ highWaterMark: 10 });
    await new AnswerWriter(response, 5).write('more than ten bytes');
    assert.equal(response.destroyed, true);
    await new AnswerWriter(response, 5).write('to nobody');
  });
});

function empty() {
  return { offsets: new Uint32Array(1), bytes: new Uint8Array(0), valid: null };
}

function reasonsOf(answer: { reasons?: unknown } | undefined): string {
  return Array.isArray(answer?.reasons) ? answer.reasons.map(({ code }) => code).join(',') : 'none';
}

async function untilFound(url: string, scanId: string) {
  for (let attempt = 0; attempt < 2_000; attempt++) {
    const response = await fetch(`${url}/v1/verdicts/${encodeURIComponent(scanId)}`);
    if (response.status === 200) return JSON.parse(await response.text());
    await sleep(25);
  }
  assert.fail(`${scanId} was not recorded`);
}
