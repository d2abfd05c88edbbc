import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Compile } from 'typebox/compile';
import { AnswerOrProblem, BatchAnswer } from '../../api/schemas.ts';
import { connect, type Encoding, type Outcome, type SorterScan } from '../../client/index.ts';
import { readLines } from '../../scans/lines.ts';

/** One who speaks to a server: what the tests of the interface are run by, once for each. */
export interface Speaker {
  readonly name: string;
  verdict(scan: SorterScan, encoding: Encoding): Promise<Outcome>;
  batch(scans: readonly SorterScan[]): Promise<Outcome[]>;
  /** Sends the next scan only after the last was answered. */
  stream(scans: readonly SorterScan[]): Promise<Outcome[]>;
  find(scanId: string): Promise<Outcome>;
  /** Listens to late verdicts until that of the scan comes. */
  late(scanId: string): Promise<Outcome>;
}

const CheckAny = Compile(AnswerOrProblem);
const CheckBatch = Compile(BatchAnswer);

export type NewSpeaker = (base: string, token: string | null) => Speaker;

/** The client of the package. */
export function clientSpeaker(base: string, token: string | null): Speaker {
  const sorter = connect(base, token === null ? {} : { token });
  return {
    name: 'the client',
    verdict: (scan, as) => sorter.verdict(scan, { as }),
    batch: (scans) => sorter.batch(scans),
    find: (scanId) => sorter.find(scanId),
    async late(scanId) {
      const stop = new AbortController();
      for await (const outcome of sorter.lateVerdicts({ signal: stop.signal })) {
        if (outcome.scanId !== scanId && !('code' in outcome)) continue;
        stop.abort();
        return outcome;
      }
      throw new Error('the feed ended');
    },
    async stream(scans) {
      const outcomes: Outcome[] = [];
      const gate = new OneByOne(scans);
      for await (const outcome of sorter.stream(gate.scans())) {
        outcomes.push(outcome);
        gate.next();
      }
      return outcomes;
    },
  };
}

/** Nothing but fetch and FormData, and node:http for the stream: the interface as docs describe it. */
export function rawSpeaker(base: string, token: string | null): Speaker {
  const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const call = async (path: string, init: RequestInit): Promise<unknown> => {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(authorization)) headers.set(name, value);
    return await (await fetch(`${base}${path}`, { ...init, headers })).json();
  };
  return {
    name: 'raw HTTP',
    verdict: async (scan, encoding) =>
      outcomeOf(await call('/v1/verdicts', { method: 'POST', ...bodyOf(scan, encoding) })),
    find: async (scanId) => outcomeOf(await call(`/v1/verdicts/${encodeURIComponent(scanId)}`, {})),
    async late(scanId) {
      const response = await fetch(`${base}/v1/verdicts:late`, { headers: authorization });
      if (!response.ok || response.body === null) return outcomeOf(await response.json());
      let text = '';
      for await (const chunk of response.body) {
        text += Buffer.from(chunk).toString();
        const line = text
          .split('\n')
          .slice(0, -1)
          .find((one) => one.includes(scanId));
        if (line === undefined) continue;
        return outcomeOf(JSON.parse(line));
      }
      throw new Error('the feed ended');
    },
    async batch(scans) {
      const body = `{"scans":[${scans.map(lineOf).join(',')}]}`;
      const headers = { 'content-type': 'application/json' };
      const answer = await call('/v1/verdicts:batch', { method: 'POST', headers, body });
      return CheckBatch.Check(answer) ? answer.verdicts.map(outcomeOf) : scans.map(() => outcomeOf(answer));
    },
    async stream(scans) {
      const headers = { ...authorization, 'content-type': 'application/x-ndjson' };
      const out = request(`${base}/v1/verdicts:stream`, { method: 'POST', headers });
      const outcomes: Outcome[] = [];
      const send = () => {
        const scan = scans[outcomes.length];
        if (scan === undefined) out.end();
        else out.write(`${lineOf(scan)}\n`);
      };
      const { promise, resolve, reject } = Promise.withResolvers<Outcome[]>();
      out.on('error', reject);
      out.on('response', async (response) => {
        for await (const lines of readLines(response)) {
          for (const { bytes } of lines) {
            outcomes.push(outcomeOf(JSON.parse(`${bytes}`)));
            send();
          }
        }
        resolve(outcomes);
      });
      send();
      return await promise;
    },
  };
}

function bodyOf(scan: SorterScan, encoding: Encoding): RequestInit {
  const { payload, image, extra, ...fields } = scan;
  if (encoding === 'json') {
    return { body: lineOf(scan), headers: { 'content-type': 'application/json' } };
  }
  const bytes = Uint8Array.from(image ?? payload ?? []);
  if (encoding === 'raw') {
    const headers = Object.entries(fields).map(([name, value]): [string, string] => {
      return [`Indicia-${name.replaceAll(/[A-Z]/g, (capital) => `-${capital}`)}`, String(value)];
    });
    const type = image === undefined ? 'application/octet-stream' : 'image/png';
    return { body: bytes, headers: [...headers, ['content-type', type]] };
  }
  const form = new FormData();
  form.set('scan', new Blob([JSON.stringify({ ...fields, ...extra })], { type: 'application/json' }));
  if (image === undefined) form.set('payload', new Blob([bytes], { type: 'application/octet-stream' }));
  else form.set('image', new Blob([bytes], { type: 'image/png' }), 'crop.png');
  return { body: form, headers: { 'indicia-request': '1' } };
}

function lineOf({ payload, image, extra, ...fields }: SorterScan): string {
  const base64 = (bytes: Uint8Array | undefined) =>
    bytes === undefined ? undefined : Buffer.from(bytes).toString('base64');
  return JSON.stringify({ ...extra, ...fields, payload: base64(payload), imageBase64: base64(image) });
}

/** Problems with what the client keeps of them. */
function outcomeOf(value: unknown): Outcome {
  assert.ok(CheckAny.Check(value), JSON.stringify(value));
  if (!('code' in value)) return value;
  const { code, detail, status, scanId = null } = value;
  return { code, detail, status, scanId };
}

/** Gives the next scan only when told to. */
class OneByOne {
  readonly #scans: readonly SorterScan[];
  #onNext: () => void = () => {};

  constructor(scans: readonly SorterScan[]) {
    this.#scans = scans;
  }

  next(): void {
    this.#onNext();
  }

  async *scans(): AsyncGenerator<SorterScan> {
    for (const scan of this.#scans) {
      const answered = new Promise<void>((resolve) => {
        this.#onNext = resolve;
      });
      yield scan;
      await answered;
    }
  }
}
