import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { Scope } from './temporary.ts';

/** An HTTP server of a test's own; its address. */
export async function httpServer(
  test: Scope,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return addressOf(server.address());
}

/** A server that says what it likes over TCP. */
export async function tcpServer(test: Scope, answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    answer(socket);
  }).listen(0, '127.0.0.1');
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return addressOf(server.address());
}

function addressOf(address: unknown): string {
  assert.ok(typeof address === 'object' && address !== null && 'port' in address);
  return `http://127.0.0.1:${address.port}`;
}
