import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type ProblemCode, problem } from '../../api/problems.ts';
import type { Answer } from '../../api/schemas.ts';

/** A server that does what a real one does only in trouble; the client is what is tested with it. */
export async function scriptedServer(test: TestContext, handle: http.RequestListener): Promise<string> {
  const server = http.createServer((request, response) => {
    // What clients break off is the point of these tests.
    request.on('error', () => {});
    response.on('error', () => {});
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port }: AddressInfo = addressOf(server);
  return `http://127.0.0.1:${port}`;
}

function addressOf(server: http.Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not listening on a port');
  return address;
}

export async function bodyText(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export function accepted(scanId: string, change: Partial<Answer> = {}): Answer {
  return {
    scanId,
    plant: null,
    disposition: 'accept',
    late: false,
    reasons: [],
    fields: null,
    findingIds: [],
    ignoredFields: [],
    unchecked: [],
    trustVersion: 1,
    policyVersion: 1,
    repeated: false,
    timings: null,
    ...change,
  };
}

export function answerJson(response: http.ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function answerProblem(response: http.ServerResponse, code: ProblemCode, retryAfter?: number): void {
  const value = problem(code, 'as the script says');
  const wait = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  response.writeHead(value.status, { 'content-type': 'application/problem+json', ...wait }).end(JSON.stringify(value));
}
