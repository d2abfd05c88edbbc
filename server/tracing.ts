import type { IncomingHttpHeaders } from 'node:http';
import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type AnswerOrProblem, PROBLEMS, ProblemError } from '../api/index.ts';

/**
 * Gives nothing but empty spans, at hardly any cost, until a program that embeds the server sets a provider of tracers.
 */
const tracer = trace.getTracer('indicia');

/** Work in a span of its own, under that of the sender of a request where its headers name one. */
export async function inRequestSpan<Result>(
  name: string,
  headers: IncomingHttpHeaders,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, parent);
  let status = 200;
  try {
    return await work(span);
  } catch (error) {
    status = error instanceof ProblemError ? PROBLEMS[error.code].status : 500;
    throw error;
  } finally {
    span.setAttribute('http.response.status_code', status);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
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
