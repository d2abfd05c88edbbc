import { once } from 'node:events';
import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { readLines } from '../scans/lines.ts';
import { accepted } from '../test/support/scripted-server.ts';

/** A server in a thread of its own that accepts everything, unread: against it, the generator itself is measured. */

export async function openEcho(): Promise<{ readonly url: string; readonly close: () => Promise<unknown> }> {
  const worker = new Worker(new URL(import.meta.url));
  const [port] = await once(worker, 'message');
  return { url: `http://127.0.0.1:${port}`, close: () => worker.terminate() };
}

const SCAN_ID = /"scanId":"([^"]*)"/g;

function answersTo(text: string): string[] {
  return [...text.matchAll(SCAN_ID)].map(([, scanId = '']) => JSON.stringify(accepted(scanId)));
}

function listen(): void {
  const server = createServer(async (request, response) => {
    if (request.url === '/v1/verdicts:stream') {
      for await (const lines of readLines(request)) {
        response.write(lines.map(({ bytes }) => `${answersTo(`${bytes}`)[0]}\n`).join(''));
      }
      return response.end();
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answers = answersTo(Buffer.concat(chunks).toString());
    const isBatch = request.url === '/v1/verdicts:batch';
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(isBatch ? `{"verdicts":[${answers.join(',')}]}` : answers[0]);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    parentPort?.postMessage(typeof address === 'object' ? address?.port : null);
  });
}

if (!isMainThread && parentPort !== null) listen();
