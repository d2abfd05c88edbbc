import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { mayReadVerdicts } from './access/access.ts';
import { type Admitted, admit, originFor, withdrawal } from './admission.ts';
import { AnswerWriter } from './answer-writer.ts';
import { ByteGate } from './byte-gate.ts';
import { QUEUE_BYTES_MAX, STREAMS_MAX } from './limits.ts';
import { ProblemError, problem } from './problems.ts';
import { ScanStream } from './scan-stream.ts';
import type { ServerPorts } from './server.ts';
import { mediaTypeOf } from './single-scan.ts';
import { inRequestSpan } from './tracing.ts';

/** Streams that are open, so that they can be ended in order. */
export class Streams {
  readonly #open = new Map<ScanStream, Promise<void>>();

  get count(): number {
    return this.#open.size;
  }

  async run(stream: ScanStream, work: Promise<void>): Promise<void> {
    this.#open.set(stream, work);
    try {
      await work;
    } finally {
      this.#open.delete(stream);
    }
  }

  /** Each answers what it has read and ends. */
  async end(): Promise<void> {
    for (const stream of this.#open.keys()) stream.stop();
    await Promise.all(this.#open.values());
  }
}

const NDJSON = 'application/x-ndjson';
/** A stream has its connection for itself: when it ends, so does the connection, whatever else is being sent. */
const STREAM_HEAD = { 'content-type': NDJSON, connection: 'close', 'cache-control': 'no-store' };

/** Scans line by line, and the verdicts that came late. */
export function addStreamRoutes(app: FastifyInstance, ports: ServerPorts, streams: Streams): void {
  const { desk, metrics, access } = ports;
  const gate = new ByteGate(QUEUE_BYTES_MAX);

  app.post('/v1/verdicts::stream', async (request, reply) => {
    const admitted = admit(access, request, ['sorter']);
    desk.refuseWhenClosed();
    if (mediaTypeOf(request.raw) !== NDJSON) throw new ProblemError('unsupported-media-type', `a stream is ${NDJSON}`);
    if (streams.count >= STREAMS_MAX) {
      throw new ProblemError('too-busy', `${STREAMS_MAX} streams are open`, undefined, 1);
    }
    reply.hijack();
    const response = open(reply.raw);
    const stream = new ScanStream({
      label: `http-stream:${request.id}`,
      origin: originFor(admitted),
      gate,
      output: new AnswerWriter(response),
      refusal: () => {
        const reason = withdrawal(access, admitted);
        return reason === null ? null : problem('unauthorized', reason);
      },
      pendingOf: (scan, deadlineMs) => desk.pendingOf(scan, performance.now(), deadlineMs),
      answersOf: (answers, moments) => {
        const rows = desk.answersOf(answers, moments);
        for (const row of rows.keys()) metrics.answered('stream', performance.now() - moments.arrivedAtMs(row));
        return rows;
      },
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
    reply.hijack();
    const response = open(reply.raw);
    if (!desk.late.listen({ response, mayRead })) {
      response.end(`${JSON.stringify(problem('too-busy', 'too many listen to late verdicts already'))}\n`);
    }
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
