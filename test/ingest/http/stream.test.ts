import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreReader } from '../../../analytics/index.ts';
import { ImageReaders } from '../../../decode/index.ts';
import { AnswerWriter } from '../../../ingest/http/answer-writer.ts';
import { ByteGate } from '../../../ingest/http/byte-gate.ts';
import { problem } from '../../../ingest/http/problems.ts';
import { ScanStream } from '../../../ingest/http/scan-stream.ts';
import { symbolImage } from '../../support/pictures.ts';
import { openStream } from '../../support/scan-stream-client.ts';
import { type LocalServer, sentScan, serverIn, suiteScope } from '../../support/sorter-server.ts';

const SLOW = new URL('../../support/slow-image-reader.ts', import.meta.url);
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

  it('answers what is no scan too, and takes no answer for an empty line', async () => {
    const stream = await openStream(server.url);
    const good = sentScan(server.world.frank());
    const image = await symbolImage('datamatrix', server.world.frank()).png().toBuffer();
    const pictured = sentScan(null, { imageBase64: image.toString('base64') });
    stream.send('{', '', '   ', '\u{a0}', 'null', good, { ...good, payload: 'AA==' }, pictured);
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
        'accept',
        'scan-id-reused',
        'accept',
        'image-refused',
        'scan-malformed',
        'accept',
      ],
    );
    assert.equal(answers[3]?.scanId, good.scanId);
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
    assert.equal(response.status, 404, 'half a line is none');
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
    const answers = [first, ...(await stream.rest())];
    await stopped;
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
    assert.deepEqual([(await listener.next(1))[0]?.scanId], [scan.scanId], 'whoever comes later is told, too');
    listener.request.destroy();
    assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^indicia_late_total 1$/m);
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

  it('is no verdict: an image that hangs its reader holds up no other, and goes to a person in the end', async () => {
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

describe('the answers of a stream', () => {
  it('are written no faster than they are read, and nothing more is taken before they are', async () => {
    const response = new PassThrough({ highWaterMark: 10 });
    const output = new AnswerWriter(response, 60_000);
    const stream = new ScanStream({
      label: 'test',
      origin: { imageFolder: null },
      gate: new ByteGate(1e6),
      output,
      refusal: () => null,
      pendingOf: () => assert.fail('no line has a deadline'),
      answersOf: () => [problem('internal', 'an answer of more than ten bytes')],
    });
    const input = new PassThrough();
    const batches = stream.source(input).batches(null)[Symbol.asyncIterator]();
    input.write(`${JSON.stringify(sentScan(null))}\n`);
    const { value: batch } = await batches.next();
    const none = { verdicts: { dispositions: NO_TEXT, reasons: NO_TEXT }, repeatedRows: [], readings: null };
    let isAcknowledged = false;
    const acknowledged = batch.acknowledge({ ...none, readMs: 0, recordMs: 0 }).then(() => {
      isAcknowledged = true;
    });
    await sleep(20);
    assert.equal(isAcknowledged, false, 'the pipeline waits');
    assert.match(String(response.read()), /an answer of more than ten bytes/);
    await acknowledged;
  });

  it('that nobody reads for too long cut the connection', async () => {
    const response = new PassThrough({ highWaterMark: 10 });
    await new AnswerWriter(response, 5).write('more than ten bytes');
    assert.equal(response.destroyed, true);
    await new AnswerWriter(response, 5).write('to nobody');
  });
});

const NO_TEXT = { offsets: new Uint32Array(1), bytes: new Uint8Array(0), valid: null };

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
