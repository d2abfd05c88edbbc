import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  propagation,
  type Span,
  type SpanOptions,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { readPolicy } from '../../analytics/judge/index.ts';
import { postJson, sentScan, serverIn } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface Ended {
  readonly name: string;
  readonly parent: string | undefined;
  readonly traceId: string;
  readonly attributes: Attributes;
  readonly ms: number;
}

/** The least that a provider of tracers can be: it keeps what has ended. */
function installTracer(): Ended[] {
  const ended: Ended[] = [];
  const names = new Map<string, string>();
  let spans = 0;
  const startSpan = (name: string, options: SpanOptions = {}, context?: Context): Span => {
    spans += 1;
    const parent = context === undefined ? undefined : trace.getSpanContext(context);
    const spanId = String(spans).padStart(16, '0');
    const traceId = parent?.traceId ?? spanId.repeat(2);
    const attributes: Attributes = { ...options.attributes };
    names.set(spanId, name);
    const span: Span = {
      spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
      setAttribute(key, value) {
        if (value !== undefined) attributes[key] = value;
        return span;
      },
      setAttributes: () => span,
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus: () => span,
      updateName: () => span,
      recordException: () => {},
      isRecording: () => true,
      end(time) {
        const ms = typeof time === 'number' && typeof options.startTime === 'number' ? time - options.startTime : 0;
        const of = parent === undefined ? undefined : (names.get(parent.spanId) ?? parent.spanId);
        ended.push({ name, parent: of, traceId, attributes, ms });
      },
    };
    return span;
  };
  const startActiveSpan = (): never => {
    throw new Error('not used');
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan }) });
  const propagator: TextMapPropagator = {
    inject: () => {},
    extract(context, carrier) {
      const [, traceId = '', spanId = ''] = String(defaultTextMapGetter.get(carrier, 'traceparent') ?? '').split('-');
      return traceId === ''
        ? context
        : trace.setSpanContext(context, { traceId, spanId, traceFlags: 1, isRemote: true });
    },
    fields: () => ['traceparent'],
  };
  propagation.setGlobalPropagator(propagator);
  return ended;
}

describe('a server that is watched', () => {
  it('gives spans of each scan and its stages, under the span of its sender, where a tracer is set', async (test) => {
    const server = await serverIn(test);
    const ended = installTracer();
    const scan = sentScan(server.world.frank());
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const answer = JSON.parse(await (await postJson(server.url, '/v1/verdicts', scan, { traceparent })).text());
    assert.deepEqual(
      ended.map(({ name, parent }) => [name, parent]),
      [
        ['wait', 'POST /v1/verdicts'],
        ['read', 'POST /v1/verdicts'],
        ['record', 'POST /v1/verdicts'],
        ['POST /v1/verdicts', 'b7ad6b7169203331'],
      ],
    );
    assert.ok(ended.every((span) => span.traceId === traceId));
    const [wait, read, record, whole] = ended;
    const { waitMs, readMs, recordMs } = answer.timings;
    for (const [span, ms] of [[wait, waitMs] as const, [read, readMs] as const, [record, recordMs] as const]) {
      assert.ok(Math.abs((span?.ms ?? 0) - ms) < 0.01);
    }
    assert.deepEqual(whole?.attributes, {
      'indicia.scan_id': scan.scanId,
      'indicia.disposition': 'accept',
      'indicia.late': false,
      'http.response.status_code': 200,
    });
    ended.length = 0;
    await postJson(server.url, '/v1/verdicts', '{');
    assert.deepEqual(
      ended.map(({ attributes }) => attributes),
      [{ 'http.response.status_code': 400 }],
    );
  });

  it('looks for fraud meanwhile, and names what it found with the verdict', async (test) => {
    const server = await serverIn(test, { detectEverySeconds: 1 });
    const copied = server.world.frank();
    const [first, second] = [sentScan(copied), sentScan(copied)];
    for (const scan of [first, second]) await postJson(server.url, '/v1/verdicts', scan);
    let found = { findingIds: [''], disposition: '' };
    for (let attempt = 0; attempt < 400 && found.findingIds.join() === ''; attempt++) {
      await sleep(25);
      found = JSON.parse(await (await fetch(`${server.url}/v1/verdicts/${encodeURIComponent(first.scanId)}`)).text());
    }
    assert.equal(found.disposition, 'accept', 'the verdict of then');
    assert.match(found.findingIds.join(), /^copy\/1000\/06-2S-0\/.+$/, 'with what is known now');
    const retry = JSON.parse(await (await postJson(server.url, '/v1/verdicts', first)).text());
    assert.deepEqual([retry.repeated, retry.findingIds], [true, found.findingIds]);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /^indicia_detect_seconds_count [1-9]/m);
  });

  it('accepts with a note what its policy passes', async (test) => {
    const path = join(await temporaryFolder(test), 'policy.json');
    await writeFile(path, JSON.stringify({ version: 7, dispositions: { copy: 'pass', 'scan-incomplete': 'divert' } }));
    const server = await serverIn(test, { policy: readPolicy(path) });
    const copied = server.world.frank();
    const send = async (payload: Uint8Array | null) => {
      return JSON.parse(await (await postJson(server.url, '/v1/verdicts', sentScan(payload))).text());
    };
    await send(copied);
    const noted = await send(copied);
    assert.deepEqual([noted.disposition, noted.policyVersion], ['accept', 7]);
    assert.deepEqual(
      noted.reasons.map(({ code, treatment }: { code: string; treatment: string }) => [code, treatment]),
      [['copy', 'pass']],
    );
    assert.equal((await send(null)).disposition, 'divert');
  });
});
