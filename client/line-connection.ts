import type { ClientRequest, IncomingMessage } from 'node:http';
import { readLines } from '../scans/index.ts';
import type { Connections, HttpAnswer, NoAnswer } from './exchange.ts';
import { SEND_CHARS } from './limits.ts';

const NDJSON = 'application/x-ndjson';

/** One connection on which lines go out while others come in. It ends when the server ends it, or when it breaks. */
export class LineConnection {
  readonly #request: ClientRequest;
  readonly #response: Promise<IncomingMessage | NoAnswer>;
  #isOpen = true;
  #unsent = '';
  #onDrained: (() => void) | null = null;

  constructor(connections: Connections, method: 'GET' | 'POST', path: string) {
    const headers = { accept: NDJSON, ...(method === 'POST' && { 'content-type': NDJSON }) };
    this.#request = connections.open(method, path, headers);
    const { promise, resolve } = Promise.withResolvers<IncomingMessage | NoAnswer>();
    this.#response = promise;
    this.#request.setNoDelay(true);
    this.#request.on('response', resolve);
    this.#request.on('drain', () => this.#onDrained?.());
    this.#request.on('error', (error) => resolve(broken(error.message)));
    this.#request.on('close', () => {
      this.#isOpen = false;
      resolve(broken('the connection was closed'));
      this.#onDrained?.();
    });
    if (method === 'GET') this.#request.end();
  }

  /** Called when nothing went either way for so long. */
  onSilence(afterMs: number, tell: () => void): void {
    this.#request.setTimeout(afterMs, tell);
  }

  /** Lines that are sent in one turn of the event loop go out together. */
  send(line: string): void {
    if (this.#unsent === '') setImmediate(() => this.#flush());
    this.#unsent += `${line}\n`;
    if (this.#unsent.length >= SEND_CHARS) this.#flush();
  }

  /** Resolves once the server has taken what was sent so far, or never will. */
  async drained(): Promise<void> {
    if (!this.#isOpen || !this.#request.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
  }

  end(): void {
    this.#flush();
    if (this.#isOpen) this.#request.end();
  }

  destroy(): void {
    this.#request.destroy();
  }

  /** Lines of a 200, until there are no more; then null. Any other status comes back with its body. */
  async *lines(): AsyncGenerator<string, HttpAnswer | NoAnswer | null> {
    const response = await this.#response;
    if ('code' in response) return response;
    const body: string[] = [];
    const isOk = response.statusCode === 200;
    try {
      for await (const lines of readLines(response)) {
        for (const { bytes } of lines) {
          const line = bytes?.toString() ?? '';
          if (isOk) yield line;
          else body.push(line);
        }
      }
    } catch (error) {
      // What was read so far counts; what was not answered is for the caller to send again.
      return broken(error instanceof Error ? error.message : String(error));
    }
    return isOk ? null : { status: response.statusCode ?? 0, headers: response.headers, body: body.join('\n') };
  }

  #flush(): void {
    if (this.#unsent !== '' && this.#isOpen) this.#request.write(this.#unsent);
    this.#unsent = '';
  }
}

function broken(detail: string): NoAnswer {
  return { code: 'unreachable', detail };
}
