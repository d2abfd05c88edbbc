import { connect, type Socket } from 'node:net';

/** What strangers do, who have no token. */
const WAYS = ['idle', 'slow', 'pipelined', 'garbage'] as const;

const PIPELINED = 200;
const AGAIN_MS = 500;

/** Connections without a token: idle ones, slow ones, ones that pipeline and read nothing, and ones that speak no HTTP. */
export class Strangers {
  readonly #port: number;
  readonly #host: string;
  readonly #sockets = new Map<Socket, string>();
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(base: string, count: number) {
    const { hostname, port } = new URL(base);
    this.#host = hostname;
    this.#port = Number(port);
    for (let index = 0; index < count; index++) this.#connect(index);
    this.#timer = setInterval(() => {
      for (const [socket, way] of this.#sockets) if (way === 'slow' && socket.writable) socket.write('x');
    }, 1_000);
  }

  stop(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #connect(index: number): void {
    if (this.#isOver) return;
    const way = WAYS[index % WAYS.length] ?? 'idle';
    const socket = connect(this.#port, this.#host, () => this.#say(socket, way));
    this.#sockets.set(socket, way);
    // The server is right to close it; strangers come back.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      setTimeout(() => this.#connect(index), AGAIN_MS).unref();
    });
  }

  #say(socket: Socket, way: string): void {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${this.#host}:${this.#port}\r\n\r\n`;
    if (way === 'idle') socket.write(get('/livez'));
    else if (way === 'slow') socket.write(`POST /v1/verdicts HTTP/1.1\r\nHost: ${this.#host}:${this.#port}\r\nx: `);
    else if (way === 'pipelined') {
      socket.pause();
      socket.write(get('/openapi.json').repeat(PIPELINED));
    } else socket.write(Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 167 + 13) & 0xff)));
    if (way !== 'pipelined') socket.resume();
  }
}
