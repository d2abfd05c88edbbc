import { type ClientTls, Connections, type HttpAnswer, type NoAnswer } from './exchange.ts';
import { lateVerdicts } from './late-feed.ts';
import { ANSWER_GRACE_MS, WITHIN_MS } from './limits.ts';
import { answerOf, batchOf, type Outcome } from './outcome.ts';
import { retry } from './retry.ts';
import { bestEncoding, type Encoding, type SorterScan, scanBody, scanLine } from './scan-body.ts';
import { streamVerdicts } from './stream.ts';

export interface ClientOptions {
  /** Of the machine, as `indicia token` made it; without one the server must have been started with --no-auth. */
  readonly token?: string;
  readonly tls?: ClientTls;
  /** For each scan, unless it has its own: milliseconds until the server answers with a default disposition. */
  readonly deadlineMs?: number;
  /** Milliseconds within which a call comes back, retries included: deadlineMs + 250, or 10 s without a deadline. */
  readonly withinMs?: number;
  /** 1 means that nothing is tried again. */
  readonly attemptsMax?: number;
}

export interface CallOptions extends Pick<ClientOptions, 'deadlineMs' | 'withinMs' | 'attemptsMax'> {
  /** How the scan travels; what is smallest where not said. */
  readonly as?: Encoding;
}

interface FindOptions extends Pick<ClientOptions, 'withinMs' | 'attemptsMax'> {
  /** Whose scan; an empty text for one that names no plant. */
  readonly plant?: string;
}

/** The sorter's side of one server. What goes wrong comes back as a value; nothing is thrown for it. */
export class Sorter {
  readonly #connections: Connections;
  readonly #options: ClientOptions;

  constructor(base: string, options: ClientOptions) {
    this.#connections = new Connections(new URL(base), options.token ?? null, options.tls ?? {});
    this.#options = options;
  }

  /** One scan. Connection errors, 429 and 503 are tried again with the same scan id, which is answered once. */
  verdict(scan: SorterScan, options: CallOptions = {}): Promise<Outcome> {
    const { deadlineMs, ...policy } = this.#policy(options, scan.deadlineMs);
    const encoding = options.as ?? bestEncoding(scan);
    return retry(scan.scanId, policy, async ({ elapsedMs, leftMs }) => {
      const request = scanBody({ ...scan, ...remaining(deadlineMs, elapsedMs) }, encoding);
      const { headers, body } = request;
      const answer = await this.#post('/v1/verdicts', headers, body, leftMs);
      return answerOf(answer, scan.scanId);
    });
  }

  /** Many scans in one request, and their outcomes in the same order. What was refused for now is sent again alone. */
  async batch(scans: readonly SorterScan[], options: CallOptions = {}): Promise<Outcome[]> {
    const { deadlineMs, ...policy } = this.#policy(options, undefined);
    const outcomes: Outcome[] = [];
    let open = [...scans.keys()];
    return await retry(scans[0]?.scanId ?? '', policy, async ({ elapsedMs, leftMs }) => {
      const sent = open.flatMap((index) => scans[index] ?? []);
      const lines = sent.map((scan) => scanLine({ ...scan, ...remaining(scan.deadlineMs, elapsedMs) }));
      const deadline = deadlineMs === undefined ? '' : `"deadlineMs":${leftOf(deadlineMs, elapsedMs)},`;
      const body = `{${deadline}"scans":[${lines.join(',')}]}`;
      const answer = await this.#post('/v1/verdicts:batch', JSON_BODY, body, leftMs);
      const tried = batchOf(
        answer,
        sent.map(({ scanId }) => scanId),
      );
      for (const [place, { outcome }] of tried.entries()) outcomes[open[place] ?? 0] = outcome;
      const waitsMs = tried.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
      open = open.filter((_, place) => tried[place]?.retryAfterMs !== null);
      return { outcome: outcomes, retryAfterMs: waitsMs.length === 0 ? null : Math.max(...waitsMs) };
    });
  }

  /**
   * Scans as they come, and their outcomes in the same order, over one connection that stays. When it breaks, what was not
   * answered is sent again over another; what gets no answer within `withinMs` becomes a problem.
   */
  stream(scans: AsyncIterable<SorterScan>, options: Pick<CallOptions, 'withinMs'> = {}): AsyncGenerator<Outcome> {
    const withinMs = options.withinMs ?? this.#options.withinMs ?? WITHIN_MS;
    return streamVerdicts(this.#connections, scans, { withinMs, deadlineMs: this.#options.deadlineMs });
  }

  /**
   * The durable verdict of a scan, the newest under its id, with what detectors found about it so far; `not-found` where
   * there is none, `scan-id-ambiguous` where several plants have one and none is named.
   */
  find(scanId: string, options: FindOptions = {}): Promise<Outcome> {
    const policy = this.#policy(options, undefined);
    const query = options.plant === undefined ? '' : `?plant=${encodeURIComponent(options.plant)}`;
    return retry(scanId, policy, async ({ leftMs }) => {
      const path = `/v1/verdicts/${encodeURIComponent(scanId)}${query}`;
      const call = { method: 'GET', path, headers: {}, body: null, withinMs: leftMs } as const;
      return answerOf(await this.#connections.exchange(call), scanId);
    });
  }

  /**
   * Verdicts that were durable only after the deadline of their scan, as they come, each once, until the signal ends it. The
   * last before the call come first. A problem that another attempt would not mend is the last value.
   */
  lateVerdicts(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Outcome> {
    return lateVerdicts(this.#connections, options.signal ?? null);
  }

  close(): void {
    this.#connections.close();
  }

  #post(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | Buffer,
    withinMs: number,
  ): Promise<HttpAnswer | NoAnswer> {
    return this.#connections.exchange({ method: 'POST', path, headers, body, withinMs });
  }

  #policy(options: CallOptions, ownDeadlineMs: number | undefined) {
    const deadlineMs = ownDeadlineMs ?? options.deadlineMs ?? this.#options.deadlineMs;
    const whole = deadlineMs === undefined ? WITHIN_MS : deadlineMs + ANSWER_GRACE_MS;
    return {
      deadlineMs,
      withinMs: options.withinMs ?? this.#options.withinMs ?? whole,
      attemptsMax: options.attemptsMax ?? this.#options.attemptsMax ?? Number.POSITIVE_INFINITY,
    };
  }
}

const JSON_BODY = { 'content-type': 'application/json' } as const;

function remaining(deadlineMs: number | undefined, elapsedMs: number): { readonly deadlineMs?: number } {
  return deadlineMs === undefined ? {} : { deadlineMs: leftOf(deadlineMs, elapsedMs) };
}

/** What is left of a deadline after failed attempts: the piece has moved on meanwhile. */
function leftOf(deadlineMs: number, elapsedMs: number): number {
  return Math.max(1, Math.round(deadlineMs - elapsedMs));
}
