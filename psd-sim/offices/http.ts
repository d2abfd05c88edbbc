import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MESSAGE_BYTES_MAX } from '../messages/sealed.ts';
import { type Link, refusal } from './office.ts';
import type { Wire } from './offices.ts';

/** Countersigned and forwarded messages carry others within, escaped. */
export const BODY_BYTES_MAX = 4 * MESSAGE_BYTES_MAX;
const LOOPBACK = '127.0.0.1';

/** Puts a link behind HTTP on the loopback interface: one POST a message, the answer is its body. */
export class HttpWires {
  readonly #servers: Server[] = [];
  readonly #listening: Promise<AddressInfo>[] = [];

  readonly wire: Wire = (_from, _to, link) => {
    const server = createServer(async (request, response) => {
      const message = await bodyOf(request).catch((error: unknown) => {
        if (isCutOff(error)) return null;
        throw error;
      });
      const answer = message === null ? refusal('malformed') : await link(message);
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    });
    this.#servers.push(server);
    const listening = new Promise<AddressInfo>((resolve, reject) => {
      server.on('error', reject);
      server.listen(0, LOOPBACK, () => {
        const address = server.address();
        if (typeof address === 'object' && address !== null) resolve(address);
      });
    });
    this.#listening.push(listening);
    return async (message) => post(`http://${LOOPBACK}:${(await listening).port}/`, message);
  };

  /** Where each wire listens, in the order in which they were laid. */
  addresses(): Promise<AddressInfo[]> {
    return Promise.all(this.#listening);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}

/** An empty text when there was no answer: links may fail at any time. */
export const post = async (url: string, message: string): ReturnType<Link> => {
  try {
    const response = await fetch(url, { method: 'POST', body: message });
    return response.ok ? await response.text() : '';
  } catch (error) {
    // What fetch throws for every failure of the network, the body's included.
    if (error instanceof TypeError) return '';
    throw error;
  }
};

/** The other side went away in the middle of its message. */
function isCutOff(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a request gives bytes');
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
