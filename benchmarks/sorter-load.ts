import { request } from 'node:http';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Outcome, Sorter } from '../client/index.ts';
import type { Library } from '../commands/load/library.ts';
import type { Endpoint } from '../commands/load/senders.ts';

/** How many are on their way at once while capacity is measured: enough that the server never waits for the generator. */
export interface Saturation {
  readonly endpoint: Endpoint;
  readonly inFlight: number;
  /** Pieces of one request. */
  readonly together: number;
  readonly seconds: number;
}

/** Verdicts a second in a closed loop: as soon as one piece is answered the next is sent, until the time is over. */
export async function capacityOf(
  { endpoint, inFlight, together, seconds }: Saturation,
  sorter: Sorter,
  library: Library,
): Promise<number> {
  let next = 0;
  let answered = 0;
  const startedAtMs = performance.now();
  const isOver = () => performance.now() - startedAtMs >= seconds * 1000;
  const count = (outcome: Outcome) => {
    if (!('code' in outcome)) answered += 1;
  };
  if (endpoint === 'stream') {
    async function* scans() {
      while (!isOver()) yield library.at(next++);
    }
    for await (const outcome of sorter.stream(scans())) count(outcome);
  } else {
    const loop = async () => {
      while (!isOver()) {
        const first = next;
        next += together;
        if (endpoint === 'single') count(await sorter.verdict(library.at(first)));
        else for (const outcome of await sorter.batch(library.range(first, together))) count(outcome);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
  }
  return (answered * 1000) / (performance.now() - startedAtMs);
}

/**
 * Lines as they are in a file, through the stream of a server: pieces a second from the first byte until the last answer.
 * Answers are counted, not parsed, so that it is the server that is measured.
 */
export async function streamRate(base: string, lines: readonly string[]): Promise<number> {
  const out = request(`${base}/v1/verdicts:stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let answered = 0;
  out.on('error', reject);
  out.on('response', (response) => {
    response.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) answered += 1;
    });
    response.on('error', reject);
    response.on('end', resolve);
  });
  const startedAtMs = performance.now();
  for (let at = 0; at < lines.length; at += LINES_A_WRITE) {
    const text = lines.slice(at, at + LINES_A_WRITE).join('\n');
    if (!out.write(`${text}\n`)) await new Promise((drained) => out.once('drain', drained));
  }
  out.end();
  await promise;
  if (answered !== lines.length) throw new Error(`${answered} answers to ${lines.length} lines`);
  return (answered * 1000) / (performance.now() - startedAtMs);
}

const NEWLINE = 0x0a;
const LINES_A_WRITE = 100;

/** Sockets that send one byte a second of a request that they never finish, and come back when the server closes them. */
export class SlowSockets {
  readonly #port: number;
  readonly #host: string;
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  private constructor(base: string) {
    const { hostname, port } = new URL(base);
    this.#host = hostname;
    this.#port = Number(port);
    this.#timer = setInterval(() => {
      for (const socket of this.#sockets) if (socket.writable) socket.write('x');
    }, 1_000);
  }

  static async open(base: string, count: number): Promise<SlowSockets> {
    const slow = new SlowSockets(base);
    for (let index = 0; index < count; index++) await slow.#connect(index);
    return slow;
  }

  get count(): number {
    return this.#sockets.size;
  }

  close(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #connect(index: number): Promise<void> {
    const socket = connectSocket(this.#port, this.#host);
    // The server is right to close it.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!this.#isOver) void this.#connect(index);
    });
    await new Promise((connected) => socket.once('connect', connected));
    this.#sockets.add(socket);
    // Half of them do not even finish their head.
    const head = `POST /v1/verdicts HTTP/1.1\r\nHost: ${this.#host}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`;
    socket.write(index % 2 === 0 ? head : head.slice(0, 20));
  }
}
