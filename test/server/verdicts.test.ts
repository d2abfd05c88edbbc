import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Compile } from 'typebox/compile';
import { StoreReader } from '../../analytics/index.ts';
import { Problem } from '../../api/problems.ts';
import { Answer, BatchAnswer } from '../../api/schemas.ts';
import { openApi } from '../../server/sorter/index.ts';
import { symbolImage } from '../support/pictures.ts';
import { type LocalServer, postJson, sentScan, serverIn, suiteScope } from '../support/sorter-server.ts';

const isAnswer = Compile(Answer);
const isProblem = Compile(Problem);
const isBatchAnswer = Compile(BatchAnswer);

async function answered(response: Response): Promise<Answer> {
  const body: unknown = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  assert.ok(isAnswer.Check(body), JSON.stringify([...isAnswer.Errors(body)]));
  return body;
}

async function refused(response: Response): Promise<Problem> {
  const body: unknown = await response.json();
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.ok(isProblem.Check(body), JSON.stringify(body));
  assert.equal(body.status, response.status);
  assert.equal(body.type, `urn:indicia:problem:${body.code}`);
  return body;
}

async function storedVerdicts(db: string) {
  const reader = await StoreReader.open(db);
  const verdicts = await Array.fromAsync(reader.verdicts());
  reader.close();
  return verdicts;
}

/** What a form without a token needs, to show that no web page sent it. */
const NO_PAGE = { 'indicia-request': '1' };

describe('POST /v1/verdicts', () => {
  let server: LocalServer;
  const scope = suiteScope();
  before(async () => {
    server = await serverIn(scope);
  });
  const post = (body: unknown, headers = {}) => postJson(server.url, '/v1/verdicts', body, headers);

  it('answers a genuine piece with what its mark says, once that is durable', async () => {
    const scan = sentScan(server.world.frank());
    const answer = await answered(await post(scan));
    assert.deepEqual(
      [answer.scanId, answer.disposition, answer.late, answer.reasons],
      [scan.scanId, 'accept', false, []],
    );
    assert.equal(answer.fields?.license, 1000);
    assert.equal(answer.fields?.postageMills, '730');
    assert.deepEqual([answer.trustVersion, answer.policyVersion, answer.repeated], [1, 3, false]);
    const { waitMs = 0, readMs = 0, recordMs = 0, totalMs = 0 } = answer.timings ?? {};
    assert.ok(readMs > 0 && recordMs > 0 && totalMs >= readMs + recordMs && waitMs >= 0);
  });

  it('says why a piece is diverted or goes to a person, in words', async () => {
    const copied = server.world.frank();
    await answered(await post(sentScan(copied)));
    const copy = await answered(await post(sentScan(copied)));
    assert.equal(copy.disposition, 'divert');
    assert.deepEqual(copy.reasons, [
      { code: 'copy', sentence: 'The same indicium was seen on another mailpiece.', treatment: 'divert' },
    ]);
    const unread = await answered(await post(sentScan(Buffer.of(1, 2, 3))));
    assert.deepEqual([unread.disposition, unread.fields], ['manual', null]);
    assert.equal(unread.reasons[0]?.treatment, 'manual');
  });

  it('takes a payload as JSON, as multipart and as it is: the same scan each time', async () => {
    const payload = server.world.frank();
    const scan = sentScan(payload, { weightGrams: 18, pass: 'origin' });
    const first = await answered(await post(scan));
    const { payload: _, ...rest } = scan;
    const form = new FormData();
    form.append('scan', new Blob([JSON.stringify(rest)], { type: 'application/json' }));
    form.append('payload', new Blob([Uint8Array.from(payload)]));
    const second = await answered(
      await fetch(`${server.url}/v1/verdicts`, { method: 'POST', headers: NO_PAGE, body: form }),
    );
    const third = await answered(
      await fetch(`${server.url}/v1/verdicts`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', ...headersOf(rest) },
        body: Uint8Array.from(payload),
      }),
    );
    const { timings, ...verdict } = first;
    for (const again of [second, third]) {
      assert.deepEqual({ ...again, timings }, { ...verdict, repeated: true, timings });
    }
  });

  it('takes an image as JSON, as multipart and as it is: the same scan each time', async () => {
    const image = await symbolImage('datamatrix', server.world.frank()).png().toBuffer();
    const scan = sentScan(null);
    const first = await answered(await post({ ...scan, imageBase64: image.toString('base64') }));
    assert.deepEqual([first.disposition, first.fields?.psd], ['accept', '06-2S-0']);
    const form = new FormData();
    form.append('scan', new Blob([JSON.stringify(scan)], { type: 'application/json' }));
    form.append('image', new Blob([Uint8Array.from(image)], { type: 'image/png' }), 'crop.png');
    const second = await answered(
      await fetch(`${server.url}/v1/verdicts`, { method: 'POST', headers: NO_PAGE, body: form }),
    );
    const headers = { 'content-type': 'image/png', ...headersOf(scan) };
    const third = await answered(
      await fetch(`${server.url}/v1/verdicts`, { method: 'POST', headers, body: Uint8Array.from(image) }),
    );
    for (const again of [second, third]) {
      assert.deepEqual([again.disposition, again.repeated, again.fields], ['accept', true, first.fields]);
    }
    const other = await symbolImage('datamatrix', server.world.frank()).png().toBuffer();
    const reused = await answered(await post({ ...scan, imageBase64: other.toString('base64') }));
    assert.deepEqual([reused.disposition, reused.reasons.map(({ code }) => code)], ['accept', ['scan-id-reused']]);
    assert.notDeepEqual(reused.fields, first.fields);
  });

  it('reads a raw frame whose size the scan says', async () => {
    const { data, info } = await symbolImage('datamatrix', server.world.frank())
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const frame = { width: info.width, height: info.height };
    const answer = await answered(await post(sentScan(null, { imageBase64: data.toString('base64'), frame })));
    assert.equal(answer.disposition, 'accept');
  });

  it('gives a retry the verdict of the first, also to those that come while it is on its way', async () => {
    const scan = sentScan(server.world.frank());
    const answers = await Promise.all(Array.from({ length: 8 }, async () => answered(await post(scan))));
    assert.equal(answers.filter(({ repeated }) => !repeated).length, 1);
    assert.deepEqual(new Set(answers.map(({ disposition }) => disposition)), new Set(['accept']));
    const later = await answered(await post(scan));
    assert.deepEqual([later.disposition, later.repeated, later.fields], ['accept', true, answers[0]?.fields]);
  });

  it('judges another scan under a used scan id as a piece, and says that the id was used', async () => {
    const scan = sentScan(server.world.frank());
    await answered(await post(scan));
    const forged = Buffer.from(server.world.frank());
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    for (const [payload, expected] of [
      [server.world.frank(), ['accept', 'scan-id-reused']],
      [forged, ['divert', 'forged,scan-id-reused']],
    ] as const) {
      const other = { ...scan, payload: payload.toString('base64') };
      for (const isRepeated of [false, true]) {
        const { disposition, reasons, repeated, scanId } = await answered(await post(other));
        assert.deepEqual([disposition, reasons.map(({ code }) => code).join()], expected);
        assert.deepEqual([scanId, repeated], [scan.scanId, isRepeated]);
      }
    }
    assert.equal((await answered(await post(scan))).disposition, 'accept');
  });

  it('records what is wrong with a scan instead of losing it', async () => {
    for (const [change, code] of [
      [{}, 'scan-incomplete'],
      [{ payload: 'no base64!' }, 'scan-malformed'],
      [{ imageBase64: '$' }, 'scan-malformed'],
      [{ payload: Buffer.alloc(3_000).toString('base64') }, 'payload-too-long'],
      [{ payload: '', weightGrams: 'heavy' }, 'payload-empty'],
      [
        { imageBase64: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64') },
        'image-unsupported',
      ],
    ] as const) {
      const answer = await answered(await post(sentScan(null, change)));
      assert.deepEqual([answer.disposition, answer.reasons[0]?.code], ['manual', code]);
    }
  });

  it('refuses what is not a scan with a problem that names the place', async () => {
    const cases: [unknown, RegExp][] = [
      ['', /not JSON/],
      ['null', /not a JSON object/],
      ['[]', /not a JSON object/],
      ['{"scanId":', /not JSON/],
      ['['.repeat(100_000), /JSON of more than 64 levels/],
      [{ payload: 'AA==' }, /\/scanId/],
      [{ ...sentScan(null), scanId: '' }, /\/scanId/],
      [{ ...sentScan(null), scanId: 'x'.repeat(257) }, /\/scanId/],
      [{ ...sentScan(null), image: 'faces/1.png' }, /\/image names a file/],
      [{ ...sentScan(Buffer.of(1)), imageBase64: 'AA==' }, /both payload and imageBase64/],
      [{ ...sentScan(null), deadlineMs: 0 }, /\/deadlineMs/],
      [{ ...sentScan(null), deadlineMs: 60_001 }, /\/deadlineMs/],
    ];
    for (const [body, detail] of cases) {
      const { code, detail: said } = await refused(await post(body));
      assert.equal(code, 'bad-request');
      assert.match(said, detail);
    }
    const media = await postJson(server.url, '/v1/verdicts', sentScan(null), { 'content-type': 'text/plain' });
    assert.equal((await refused(media)).code, 'unsupported-media-type');
    for (const [method, path, allow] of [
      ['PUT', '/v1/verdicts', 'POST'],
      ['GET', '/v1/verdicts:batch', 'POST'],
      ['DELETE', '/v1/verdicts/some', 'GET'],
      ['POST', '/v1/verdicts:late', 'GET'],
      ['DELETE', '/livez', 'GET'],
      ['PUT', '/metrics?x', 'GET'],
    ] as const) {
      const response = await fetch(`${server.url}${path}`, { method });
      assert.equal(response.headers.get('allow'), allow, `${method} ${path}`);
      assert.equal((await refused(response)).code, 'method-not-allowed');
    }
    assert.equal((await fetch(`${server.url}/livez`, { method: 'HEAD' })).status, 405);
    assert.equal((await refused(await fetch(`${server.url}/v2/verdicts`, { method: 'POST' }))).code, 'not-found');
  });

  it('answers several scans together, each for itself and in order', async () => {
    const [a, b] = [sentScan(server.world.frank()), sentScan(null)];
    const reused = { ...a, payload: server.world.frank().toString('base64') };
    const response = await postJson(server.url, '/v1/verdicts:batch', { scans: [a, b, reused, a] });
    const body: unknown = await response.json();
    assert.ok(isBatchAnswer.Check(body), JSON.stringify(body));
    assert.deepEqual(
      body.verdicts.map((one) => ('code' in one ? one.code : `${one.disposition} ${one.repeated}`)),
      ['accept false', 'manual false', 'accept false', 'accept true'],
    );
    for (const [wrong, detail] of [
      [{}, /\/scans is not an array/],
      [{ scans: [] }, /\/scans has 0 scans/],
      [{ scans: Array.from({ length: 1_001 }, () => b) }, /\/scans has 1001 scans/],
      [{ scans: [a, { payload: '' }] }, /\/scans\/1\/scanId/],
    ] as const) {
      const { code, detail: said } = await refused(await postJson(server.url, '/v1/verdicts:batch', wrong));
      assert.equal(code, 'bad-request');
      assert.match(said, detail);
    }
  });

  it('gives a durable verdict to callers that ask for it by its scan id', async () => {
    const scan = sentScan(server.world.frank(), { scanId: 'DBCS 1/ü/#?%/1' });
    const answer = await answered(await post(scan));
    const found = await answered(await fetch(`${server.url}/v1/verdicts/${encodeURIComponent(scan.scanId)}`));
    assert.deepEqual(found, { ...answer, repeated: true, timings: null });
    assert.equal((await refused(await fetch(`${server.url}/v1/verdicts/nothing`))).code, 'not-found');
  });

  it('describes itself in a document whose examples run', async () => {
    const response = await fetch(`${server.url}/openapi.json`);
    const document = JSON.parse(await response.text());
    assert.deepEqual(document, JSON.parse(JSON.stringify(openApi())));
    const bodyOf = (path: string) => document.paths[path].post.requestBody.content;
    for (const { value } of Object.values<{ value: unknown }>(bodyOf('/v1/verdicts')['application/json'].examples)) {
      await answered(await post(value));
    }
    for (const { value } of Object.values<{ value: unknown }>(
      bodyOf('/v1/verdicts:batch')['application/json'].examples,
    )) {
      assert.ok(isBatchAnswer.Check(await (await postJson(server.url, '/v1/verdicts:batch', value)).json()));
    }
    for (const { value } of Object.values<{ value: string }>(
      bodyOf('/v1/verdicts:stream')['application/x-ndjson'].examples,
    )) {
      const headers = { 'content-type': 'application/x-ndjson' };
      const lines = await (
        await fetch(`${server.url}/v1/verdicts:stream`, { method: 'POST', headers, body: value })
      ).text();
      assert.ok(isAnswer.Check(JSON.parse(lines)));
    }
  });

  it('counts what it did', async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    for (const line of [
      /^indicia_pieces_total\{disposition="accept",reason="none"\} [1-9]/m,
      /^indicia_pieces_total\{disposition="divert",reason="copy"\} 1$/m,
      /^indicia_repeated_total [1-9]/m,
      /^indicia_stage_seconds_bucket\{le="0.0025",stage="record"\} \d/m,
      /^indicia_answer_seconds_count\{endpoint="single"\} [1-9]/m,
      /^indicia_pieces_total\{disposition="accept",reason="scan-id-reused"\} [1-9]/m,
      /^indicia_queue_scans\{kind="payload"\} 0$/m,
      /^indicia_lag_seconds 0$/m,
      /^indicia_store_bytes [1-9]/m,
      /^indicia_trust_version 1$/m,
      /^# TYPE indicia_images_total counter$/m,
      /^indicia_images_total\{result="\w+/m,
      /^indicia_last_progress_timestamp_seconds [1-9]/m,
    ]) {
      assert.match(metrics, line);
    }
  });

  it('logs requests by their ids and scans, without what they carry', async () => {
    const scan = sentScan(server.world.frank());
    const secret = 'Bearer not-to-be-seen';
    await answered(await post(scan, { authorization: secret }));
    assert.match(server.log(), new RegExp(`"scanId":"${scan.scanId}"`));
    assert.match(server.log(), /"reqId":"test-\d+"/);
    assert.ok(!server.log().includes('not-to-be-seen'));
    assert.ok(!server.log().includes(String(scan.payload)));
  });

  it('has each scan in the store once, as it was answered', async () => {
    await server.service.stop();
    const verdicts = await storedVerdicts(server.db);
    const first = verdicts.filter(({ reasons }) => !reasons.includes('scan-id-reused'));
    assert.equal(new Set(first.map(({ scanId }) => scanId)).size, first.length);
    assert.equal(verdicts.length - first.length, 4, 'each other scan under a used scan id, once');
  });
});

function headersOf(scan: Record<string, unknown>): Record<string, string> {
  const name = (field: string) => `indicia-${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return Object.fromEntries(Object.entries(scan).map(([field, value]) => [name(field), String(value)]));
}
