import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../server/connections.ts';
import { createListener, type TlsFiles } from '../../server/listener.ts';
import type { Scope } from './temporary.ts';

export interface LocalListener {
  readonly server: Server;
  readonly port: number;
  /** Connections that are open. */
  count(): Promise<number>;
}

/** A listener with limits of its own and no routes. */
export async function listenerIn(
  test: Scope,
  handler: RequestListener,
  limits: Partial<ConnectionLimits> = {},
  tls: TlsFiles | null = null,
): Promise<LocalListener> {
  const server = createListener(handler, tls, { ...CONNECTION_LIMITS, ...limits });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const count = () => new Promise<number>((resolve) => server.getConnections((_, open) => resolve(open)));
  return { server, port, count };
}

/** A connection that says what it is told to, and reads when it is told to. */
export function rawConnection(test: Scope, port: number, text = ''): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  if (text !== '') socket.write(text);
  test.after(() => void socket.destroy());
  return socket;
}

export const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** Far beyond what anything here takes. */
const PATIENCE_MS = 30_000;

/** Resolves once something holds, which it must in the end. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const startedAtMs = performance.now();
  while (!(await holds())) {
    assert.ok(performance.now() - startedAtMs < PATIENCE_MS, `not after ${PATIENCE_MS} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
