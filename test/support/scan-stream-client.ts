import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';

/** One connection to POST /v1/verdicts:stream, or any other that answers in lines. */
export interface StreamClient {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  send(...scans: readonly (object | string)[]): void;
  /** The next answers, as many as asked for. */
  next(count: number): Promise<Record<string, unknown>[]>;
  /** All that are left, until the server ends the stream. */
  rest(): Promise<Record<string, unknown>[]>;
}

export async function openStream(
  url: string,
  path = '/v1/verdicts:stream',
  method = 'POST',
  headers: Record<string, string> = {},
): Promise<StreamClient> {
  const sent = request(`${url}${path}`, { method, headers: { 'content-type': 'application/x-ndjson', ...headers } });
  sent.on('error', () => {});
  sent.flushHeaders();
  const [response]: IncomingMessage[] = await once(sent, 'response');
  if (response === undefined) throw new Error('no response');
  response.on('error', () => {});
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  const take = async (count: number) => {
    const answers: Record<string, unknown>[] = [];
    while (answers.length < count) {
      const line = await lines.next();
      if (line.done) break;
      answers.push(JSON.parse(line.value));
    }
    return answers;
  };
  return {
    request: sent,
    response,
    send(...scans) {
      for (const scan of scans) sent.write(`${typeof scan === 'string' ? scan : JSON.stringify(scan)}\n`);
    },
    next: take,
    rest: () => take(Number.POSITIVE_INFINITY),
  };
}
