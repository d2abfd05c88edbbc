import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError, problem } from '../../../api/index.ts';
import { mayReadVerdicts } from '../../access/access.ts';
import { type Admitted, admit, clientOf, originFor, revocationReason } from '../../admission.ts';
import { QUEUE_BYTES_MAX, STREAM_LINES_AHEAD_MAX } from '../../limits.ts';
import { inRequestSpan } from '../../tracing.ts';
import { WeightedSemaphore } from '../../weighted-semaphore.ts';
import type { ServerPorts } from '../server-ports.ts';
import { mediaTypeOf } from '../single-scan.ts';
import { AnswerWriter } from './answer-writer.ts';
import { RoomSemaphore } from './room-semaphore.ts';
import { ScanStream } from './scan-stream.ts';

const NDJSON = 'application/x-ndjson';
/** A stream has its connection for itself: when it ends, so does the connection, no matter what else is being sent. */
const STREAM_HEAD = { 'content-type': NDJSON, connection: 'close', 'cache-control': 'no-store' };

/** Scans line by line, and the verdicts that came late. */
export function addStreamRoutes(app: FastifyInstance, ports: ServerPorts): void {
  const { dispatcher, metrics, access } = ports;
  const { streams } = dispatcher;
  const { clock, active } = dispatcher.shares;
  const semaphores = {
    bytes: new RoomSemaphore(QUEUE_BYTES_MAX),
    lines: new WeightedSemaphore(STREAM_LINES_AHEAD_MAX, clock, active),
  };

  app.post('/v1/verdicts::stream', async (request, reply) => {
    const admitted = admit(access, request, ['sorter']);
    dispatcher.refuseWhenClosed();
    if (mediaTypeOf(request.raw) !== NDJSON) throw new ProblemError('unsupported-media-type', `a stream is ${NDJSON}`);
    const client = clientOf(admitted, request);
    streams.refuseWhenFull(client);
    reply.hijack();
    const response = open(reply.raw);
    const stream = new ScanStream({
      label: `http-stream:${request.id}`,
      origin: originFor(admitted),
      client,
      active,
      semaphores,
      paid: (bytes) => {
        dispatcher.parsing.read(client, bytes);
        return dispatcher.parsing.paid(client);
      },
      output: new AnswerWriter(response),
      refusal: () => {
        const reason = revocationReason(access, admitted);
        return reason === null ? null : problem('unauthorized', reason);
      },
      pendingOf: (scan, arrivedAtMs, deadlineMs) => dispatcher.pendingOf(scan, arrivedAtMs, deadlineMs),
      answersOf: (answers, moments) => {
        const rows = dispatcher.answersOf(answers, moments, () => client);
        for (const row of rows.keys()) metrics.answered('stream', performance.now() - moments.arrivedAtMs(row));
        return rows;
      },
      room: () => dispatcher.lookUps.room(client),
    });
    const work = inRequestSpan('POST /v1/verdicts:stream', request.headers, async () => {
      await ports.run(stream.source(request.raw));
      await stream.written();
      response.end();
    });
    await streams.run(stream, work);
  });

  app.get('/v1/verdicts::late', async (request, reply) => {
    const admitted = admit(access, request, ['investigator', 'sorter']);
    dispatcher.refuseWhenClosed();
    const mayRead = (plant: string | null) => revocationReason(access, admitted) === null && isFor(admitted, plant);
    const client = clientOf(admitted, request);
    dispatcher.late.refuseWhenFull(client);
    reply.hijack();
    dispatcher.late.listen({ client, response: open(reply.raw), mayRead });
  });
}

function open(response: ServerResponse): ServerResponse {
  response.writeHead(200, STREAM_HEAD);
  response.flushHeaders();
  // Told as the close of the response, which writers look at.
  response.on('error', () => {});
  return response;
}

/** Investigators see what they may look up, sorters what is of their own plant. */
function isFor(admitted: Admitted, plant: string | null): boolean {
  if (admitted === null || mayReadVerdicts(admitted, plant)) return true;
  return admitted.roles.includes('sorter') && admitted.plant === plant;
}
