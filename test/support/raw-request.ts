import http from 'node:http';
import https from 'node:https';

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** As they are sent, in pairs, Host among them or not. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string | Buffer;
  readonly tls?: https.RequestOptions;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** Of a problem, '' of any other answer. */
  readonly code: string;
}

/** One request over a connection of its own, with no header but those that are given. */
export function rawRequest(url: string, { method = 'GET', path = '/', headers, body, tls }: RawRequest) {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const { port, protocol } = new URL(url);
  const options = {
    ...{ host: '127.0.0.1', port, method, path, agent: false as const, setHost: false },
    headers: [...headers.flat(), ...(body === undefined ? [] : ['content-length', `${Buffer.byteLength(body)}`])],
  };
  const sent = protocol === 'https:' ? https.request({ ...options, ...tls }) : http.request(options);
  sent.on('error', reject);
  sent.on('response', async (response) => {
    const isProblem = response.headers['content-type']?.startsWith('application/problem+json') ?? false;
    // A feed does not end.
    const isFeed = response.headers['content-type'] === 'application/x-ndjson';
    const chunks: Buffer[] = [];
    if (!isFeed) for await (const chunk of response) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const code = isProblem && text !== '' ? String(JSON.parse(text).code) : '';
    resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code });
    sent.destroy();
  });
  sent.end(body);
  return promise;
}
