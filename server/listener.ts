import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { PROBLEMS, type ProblemCode, problem } from '../api/index.ts';
import { CONNECTION_LIMITS, type ConnectionLimits, Connections } from './connections.ts';
import {
  CONNECTIONS_POLL_MS,
  HEADERS_BYTES_MAX,
  HEADERS_MS_MAX,
  IDLE_MS_MAX,
  REQUESTS_PER_CONNECTION_MAX,
} from './limits.ts';

/** Certificate and key in PEM; with authorities, clients must have a certificate of theirs. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | null;
}

/** What every answer says, unless it says otherwise: no page may show it, guess at it or keep it. */
const ANSWER_HEADERS = Object.entries({
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
});

/** The last answer on each connection, begun or not. */
const answers = new WeakMap<Socket, ServerResponse>();

/** An HTTP server that no slow, idle, endless or greedy connection can hold. */
export function createListener(
  handler: RequestListener,
  tls: TlsFiles | null,
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Server {
  const options = {
    headersTimeout: HEADERS_MS_MAX,
    // Bodies have a limit of their own: a stream lasts for as long as its client likes.
    requestTimeout: 0,
    connectionsCheckingInterval: CONNECTIONS_POLL_MS,
    keepAliveTimeout: IDLE_MS_MAX,
    maxHeaderSize: HEADERS_BYTES_MAX,
    keepAlive: true,
    noDelay: true,
    // Looked at with the other headers that say where a request comes from, and answered with a problem.
    requireHostHeader: false,
  };
  const connections = new Connections(limits);
  const inTurn = connections.inTurn((request, response) => {
    for (const [name, value] of ANSWER_HEADERS) response.setHeader(name, value);
    handler(request, response);
  });
  const listener: RequestListener = (request, response) => {
    // Of a connection that was cut, Node still starts all that it has read.
    if (request.socket.destroyed) return;
    answers.set(request.socket, response);
    inTurn(request, response);
  };
  const server =
    tls === null ? createServer(options, listener) : createTlsServer({ ...options, ...secured(tls) }, listener);
  // Node would answer these itself, out of turn.
  server.on('checkExpectation', listener);
  connections.watch(server);
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
  return server;
}

function secured({ cert, key, clientCa }: TlsFiles) {
  const secrets = { cert, key, minVersion: 'TLSv1.2', handshakeTimeout: HEADERS_MS_MAX } as const;
  return clientCa === null ? secrets : { ...secrets, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

const CODE_OF: Readonly<Record<string, ProblemCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
  HPE_HEADER_OVERFLOW: 'body-too-large',
};

/**
 * What never became a request is answered with a problem all the same, and its connection is closed. Where an answer is
 * being sent, nothing may be written into it.
 */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  // Before a TLS handshake is over nothing can be said; what is written would keep the connection open instead.
  const isHttp = /^(?:HPE|ERR_HTTP)_/.test(error.code ?? '');
  if (!isHttp || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer = answers.get(socket);
  if (answer !== undefined && !answer.writableFinished) {
    // Nonsense behind a whole request takes nothing away from its answer.
    if (answer.req.complete) answer.shouldKeepAlive = false;
    else if (answer.headersSent) socket.destroy();
    if (answer.req.complete || answer.headersSent) return;
  }
  const code = CODE_OF[error.code ?? ''] ?? 'bad-request';
  const body = JSON.stringify(problem(code, `no HTTP request: ${error.message}`));
  const head = [
    `HTTP/1.1 ${PROBLEMS[code].status} ${PROBLEMS[code].title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...ANSWER_HEADERS.map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
