import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError, problem } from '../../../api/index.ts';
import { mayReadVerdicts } from '../../access/access.ts';
import { type Admitted, admit, clientOf, originFor, withdrawal } from '../../admission.ts';
import { Gate } from '../../gate.ts';
import { QUEUE_BYTES_MAX, STREAM_LINES_AHEAD_MAX } from '../../limits.ts';
import { inRequestSpan } from '../../tracing.ts';
import type { ServerPorts } from '../server-ports.ts';
import { mediaTypeOf } from '../single-scan.ts';
import { AnswerWriter } from './answer-writer.ts';
import { RoomGate } from './room-gate.ts';
import { ScanStream } from './scan-stream.ts';

const NDJSON = 'application/x-ndjson';
/** A stream has its connection for itself: when it ends, so does the connection, whatever else is being sent. */
const STREAM_HEAD = { 'content-type': NDJSON, connection: 'close', 'cache-control': 'no-store' };

/** Scans line by line, and the verdicts that came late. */
export function addStreamRoutes(app: FastifyInstance, ports: ServerPorts): void {
  const { desk, metrics, access } = ports;
  const { streams } = desk;
  const { clock, active } = desk.shares;
  const gates = { bytes: new RoomGate(QUEUE_BYTES_MAX), lines: new Gate(STREAM_LINES_AHEAD_MAX, clock, active) };

  app.post('/v1/verdicts::stream', async (request, reply) => {
    const admitted = admit(access, request, ['sorter']);
    desk.refuseWhenClosed();
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
      gates,
      paid: (bytes) => {
        desk.parsing.read(client, bytes);
        return desk.parsing.paid(client);
      },
      output: new AnswerWriter(response),
      refusal: () => {
        const reason = withdrawal(access, admitted);
        return reason === null ? null : problem('unauthorized', reason);
      },
      pendingOf: (scan, arrivedAtMs, deadlineMs) => desk.pendingOf(scan, arrivedAtMs, deadlineMs),
      answersOf: (answers, moments) => {
        const rows = desk.answersOf(answers, moments, () => client);
        for (const row of rows.keys()) metrics.answered('stream', performance.now() - moments.arrivedAtMs(row));
        return rows;
      },
      room: () => desk.lookUps.room(client),
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
    desk.refuseWhenClosed();
    const mayRead = (plant: string | null) => withdrawal(access, admitted) === null && isFor(admitted, plant);
    const client = clientOf(admitted, request);
    desk.late.refuseWhenFull(client);
    reply.hijack();
    desk.late.listen({ client, response: open(reply.raw), mayRead });
  });
}

function open(response: ServerResponse): ServerResponse {
  response.writeHead(200, STREAM_HEAD);
  response.flushHeaders();
  // Told as the close of the response, which whoever writes looks at.
  response.on('error', () => {});
  return response;
}

/** Investigators see what they may look up, sorters what is of their own plant. */
function isFor(admitted: Admitted, plant: string | null): boolean {
  if (admitted === null || mayReadVerdicts(admitted, plant)) return true;
  return admitted.roles.includes('sorter') && admitted.plant === plant;
}
