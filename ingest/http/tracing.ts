import type { IncomingHttpHeaders } from 'node:http';
import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { AnswerOrProblem } from './schemas.ts';

export type { Span };

/** Gives nothing but empty spans, at hardly any cost, until whoever embeds the server sets a provider of tracers. */
const tracer = trace.getTracer('indicia');

/** The span of a request, under that of its sender where its headers name one. */
export function startRequestSpan(name: string, headers: IncomingHttpHeaders): Span {
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  return tracer.startSpan(name, { kind: SpanKind.SERVER }, parent);
}

/** What became of one scan, with a span for each stage that it went through. Times are as performance.now tells them. */
export function traceAnswer(span: Span, answer: AnswerOrProblem, arrivedAtMs: number): void {
  if (!span.isRecording()) return;
  if ('code' in answer) {
    span.setAttribute('indicia.problem', answer.code);
    return;
  }
  span.setAttribute('indicia.scan_id', answer.scanId);
  span.setAttribute('indicia.disposition', answer.disposition);
  span.setAttribute('indicia.late', answer.late);
  if (answer.timings === null || answer.late) return;
  const { waitMs, readMs, recordMs } = answer.timings;
  const parent = trace.setSpan(context.active(), span);
  let startTime = arrivedAtMs;
  for (const [stage, ms] of [['wait', waitMs] as const, ['read', readMs] as const, ['record', recordMs] as const]) {
    tracer.startSpan(stage, { startTime }, parent).end(startTime + ms);
    startTime += ms;
  }
}

export function endSpan(span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
