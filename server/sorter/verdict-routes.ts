import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AnswerOrProblem, type BatchAnswer, ProblemError, problem } from '../../api/index.ts';
import { SCAN_TEXT_CHARS_MAX } from '../../indicium/index.ts';
import { storableText } from '../../scans/index.ts';
import { type Admitted, admit, clientOf, originFor } from '../admission.ts';
import { type BodyBudget, readBody } from '../body.ts';
import { BATCH_VALUES_MAX, JSON_BODY_BYTES_MAX } from '../limits.ts';
import { inRequestSpan, traceAnswer } from '../tracing.ts';
import { storedAnswerOf } from './answers.ts';
import type { PendingAnswer } from './pending-answer.ts';
import { type ParsedFor, parseJson, type RequestedScan, requestedBatch } from './scan-request.ts';
import type { ServerPorts } from './server-ports.ts';
import { mediaTypeOf, readSingleScan } from './single-scan.ts';

/** Scans that come in a request, and verdicts that are looked up. */
export function addVerdictRoutes(app: FastifyInstance, ports: ServerPorts, budget: BodyBudget): void {
  const { dispatcher, metrics, access } = ports;
  const shareOf = (client: string): ParsedFor => ({
    read: (bytes) => dispatcher.parsing.read(client, bytes),
    spend: (bytes, work) => dispatcher.parsing.spend(client, bytes, work),
  });

  app.post('/v1/verdicts', async (request, reply) => {
    const arrivedAtMs = performance.now();
    return inRequestSpan('POST /v1/verdicts', request.headers, async (span) => {
      const admitted = admit(access, request, ['sorter']);
      dispatcher.refuseWhenClosed();
      const client = clientOf(admitted, request);
      const leave = dispatcher.parsing.enter(client, request.headers['content-length'] ?? '0');
      let requested: RequestedScan | null;
      let pending: PendingAnswer | undefined;
      try {
        requested = await readSingleScan(request.raw, originFor(admitted), budget.shareOf(client), shareOf(client));
        if (requested === null) return reply.hijack();
        [pending] = dispatcher.ask([requested], arrivedAtMs, client);
      } finally {
        leave();
      }
      const answer = await answerOrThrow(pending);
      traceAnswer(span, answer, arrivedAtMs);
      metrics.answered('single', performance.now() - arrivedAtMs);
      request.log.debug({ scanId: requested.scan.scanId, ms: performance.now() - arrivedAtMs }, 'answered');
      return send(reply, answer);
    });
  });

  app.post('/v1/verdicts::batch', (request, reply) => {
    const arrivedAtMs = performance.now();
    return inRequestSpan('POST /v1/verdicts:batch', request.headers, async (span) => {
      const admitted = admit(access, request, ['sorter']);
      dispatcher.refuseWhenClosed();
      if (mediaTypeOf(request.raw) !== 'application/json') {
        throw new ProblemError('unsupported-media-type', 'a batch is application/json');
      }
      const client = clientOf(admitted, request);
      const length = request.headers['content-length'];
      dispatcher.refuseWhenBehind(client, Number(length ?? 0));
      const leave = dispatcher.parsing.enter(client, length);
      let pending: readonly PendingAnswer[];
      try {
        const body = await readBody(request.raw, JSON_BODY_BYTES_MAX, budget.shareOf(client));
        if (body === null) return reply.hijack();
        const { read, spend } = shareOf(client);
        read(body.length);
        const parsed = await parseJson(body, BATCH_VALUES_MAX, spend);
        pending = spend(body.length, () => {
          return dispatcher.ask(requestedBatch(parsed, originFor(admitted)), arrivedAtMs, client);
        });
      } finally {
        leave();
      }
      const verdicts = await Promise.all(pending.map(answerOrProblem));
      span.setAttribute('indicia.scans', verdicts.length);
      metrics.answered('batch', performance.now() - arrivedAtMs);
      request.log.debug({ scans: verdicts.length, ms: performance.now() - arrivedAtMs }, 'answered a batch');
      return reply.type('application/json; charset=utf-8').send(JSON.stringify({ verdicts } satisfies BatchAnswer));
    });
  });

  type Asked = FastifyRequest<{ Params: { scanId: string }; Querystring: Record<string, unknown> }>;
  app.get('/v1/verdicts/:scanId', async (request: Asked, reply) => {
    const admitted = admit(access, request, ['investigator']);
    const scanId = storableText(request.params.scanId);
    // No scan has such an id, and none is to be sent back.
    if (scanId === null) throw new ProblemError('not-found', 'no verdict under this scan id');
    const query = { scanId, ...plantAsked(admitted, request.query.plant, scanId) };
    if (dispatcher.store.kind !== 'open') dispatcher.refuseWhenClosed();
    const client = clientOf(admitted, request);
    dispatcher.lookUps.refuseWhenFull(client);
    const verdicts = await dispatcher.lookUps.verdictsOf([query], client);
    const plants = new Set(verdicts.map(({ plant }) => plant));
    if (plants.size > 1) {
      const named = [...plants].map((plant) => plant ?? '(none)').join(', ');
      throw new ProblemError('scan-id-ambiguous', `add ?plant= with one of: ${named}`, scanId);
    }
    const newest = verdicts.at(-1);
    if (newest === undefined) throw new ProblemError('not-found', 'no verdict under this scan id', scanId);
    return send(reply, storedAnswerOf(newest, null, ports.policy));
  });
}

/**
 * Whose scans may be looked at. A client of one plant sees that plant's, no matter what it asks for: it is not even
 * told whether others have any.
 *
 * @throws ProblemError
 */
function plantAsked(admitted: Admitted, plant: unknown, scanId: string): { readonly plant?: string | null } {
  if (plant !== undefined && (typeof plant !== 'string' || plant.length > SCAN_TEXT_CHARS_MAX)) {
    throw new ProblemError('bad-request', `plant is not one text of up to ${SCAN_TEXT_CHARS_MAX} characters`, scanId);
  }
  if (admitted !== null && admitted.plant !== null) {
    if (plant !== undefined && plant !== admitted.plant) {
      throw new ProblemError('not-found', 'no verdict under this scan id', scanId);
    }
    return { plant: admitted.plant };
  }
  return plant === undefined ? {} : { plant: plant === '' ? null : plant };
}

function send(reply: FastifyReply, answer: AnswerOrProblem): FastifyReply {
  if ('code' in answer) throw new ProblemError(answer.code, answer.detail, answer.scanId);
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
}

async function answerOrThrow(pending: PendingAnswer | undefined): Promise<AnswerOrProblem> {
  if (pending === undefined) throw new Error('a scan was taken without an answer to wait for');
  return pending.answer;
}

/** In a batch, one scan without a verdict leaves the others theirs. */
async function answerOrProblem({ answer, scanId }: PendingAnswer): Promise<AnswerOrProblem> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProblemError) return problem(error.code, error.message, scanId);
    throw error;
  }
}
