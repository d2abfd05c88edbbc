import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { dropRest } from './connections.ts';
import { LINGER_BYTES_MAX, LINGER_MS_MAX } from './limits.ts';

/**
 * Closes the connection behind an answer whose request has not come whole: the rest is not waited for, or a client that
 * promises a body and never sends it would hold its connection forever. What is on its way by then is read for a while.
 */
export function closeBehindUnread(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (!isText || isWhole(request.raw)) return done(null, payload);
    // What came in one piece with the head is known to be whole a moment later.
    setImmediate(() => {
      if (isWhole(request.raw)) return done(null, payload);
      reply.header('connection', 'close').header('content-length', Buffer.byteLength(payload));
      done(null, Readable.from(readToEnd(payload, request.raw), { objectMode: false }));
    });
  });
}

function isWhole({ complete, headers }: IncomingMessage): boolean {
  return complete || (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined);
}

/**
 * The answer goes out at once, its end only when the body has come or was waited for long enough. Nobody parses it: that took
 * 18 ms of the one thread for 10 MB, as much as to take the batch that was refused.
 */
async function* readToEnd(text: string | Buffer, request: IncomingMessage): AsyncGenerator<Buffer> {
  yield typeof text === 'string' ? Buffer.from(text) : text;
  if (request.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LINGER_MS_MAX);
  const promised = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) - request.readableLength;
  let bytes = 0;
  dropRest(request.socket, (more) => {
    bytes += more;
    if (bytes >= Math.min(promised, LINGER_BYTES_MAX)) resolve();
  });
  for (const event of ['end', 'close', 'error']) request.once(event, resolve);
  await promise;
  clearTimeout(timer);
}
