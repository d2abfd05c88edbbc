import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What became of the requests of one kind of attack. */
export interface AttackTally {
  sent: number;
  answered: number;
  /** With 429. */
  refused: number;
  /** With another problem, or the connection was cut. */
  failed: number;
}

export interface AttackTarget {
  readonly base: string;
  readonly token: string;
  /** Scans as JSON without scan id, plant and braces: what is sent again and again under new ids. */
  readonly scans: readonly string[];
  /** A noisy picture. */
  readonly picture: Buffer;
  /** Connections of each kind of attack. */
  readonly connections: number;
}

export const ATTACKS = [
  'batches',
  'repeated batches',
  'large batches',
  'pictures',
  'streams',
  'long lines',
  'unread streams',
  'look-ups',
  'late feeds',
] as const;
export type Attack = (typeof ATTACKS)[number];

const BATCH_SCANS = 1_000;
const LONG_LINE_BYTES = 4 * 1024 * 1024;
/**
 * Between two requests of a connection that is refused: a client that does not care, but does not keep this machine
 * busy.
 */
const PAUSE_MS = 5;

/** One token's attacks, all at once, until it is told to stop. */
export class TokenAttack {
  readonly tallies = new Map<Attack, AttackTally>();
  readonly #target: AttackTarget;
  readonly #agent = new Agent({ keepAlive: true });
  #scans = 0;
  #isOver = false;

  constructor(target: AttackTarget) {
    this.#target = target;
  }

  start(attacks: readonly Attack[]): void {
    for (const attack of attacks) {
      const tally = { sent: 0, answered: 0, refused: 0, failed: 0 };
      this.tallies.set(attack, tally);
      for (let count = 0; count < this.#target.connections; count++) void this.#loop(attack, tally);
    }
  }

  stop(): void {
    this.#isOver = true;
    this.#agent.destroy();
  }

  async #loop(attack: Attack, tally: AttackTally): Promise<void> {
    while (!this.#isOver) {
      tally.sent += 1;
      const status = await this.#once(attack).catch(() => 0);
      if (status === 200) tally.answered += 1;
      else if (status === 429) tally.refused += 1;
      else tally.failed += 1;
      await sleep(PAUSE_MS);
    }
  }

  #once(attack: Attack): Promise<number> {
    switch (attack) {
      case 'batches':
        return this.#post(
          '/v1/verdicts:batch',
          'application/json',
          this.#batch(BATCH_SCANS, () => this.#newId()),
        );
      case 'repeated batches':
        return this.#post(
          '/v1/verdicts:batch',
          'application/json',
          this.#batch(BATCH_SCANS, (index) => `again/${index}`),
        );
      case 'large batches': {
        const filling = 'x'.repeat(10_000);
        const extra = `,"note":"${filling}"`;
        return this.#post(
          '/v1/verdicts:batch',
          'application/json',
          this.#batch(BATCH_SCANS, () => this.#newId(), extra),
        );
      }
      case 'pictures':
        return this.#post('/v1/verdicts', 'image/png', this.#target.picture, { 'indicia-scan-id': this.#newId() });
      case 'streams':
        return this.#stream(Array.from({ length: 5_000 }, () => this.#line(this.#newId())).join(''), true);
      case 'long lines':
        return this.#stream(`{"scanId":"${this.#newId()}","imageBase64":"${'A'.repeat(LONG_LINE_BYTES)}"}\n`, true);
      case 'unread streams':
        return this.#stream(Array.from({ length: 20_000 }, () => this.#line(this.#newId())).join(''), false);
      case 'look-ups':
        return this.#get(`/v1/verdicts/${encodeURIComponent(`again/${this.#scans++ % BATCH_SCANS}`)}`);
      case 'late feeds':
        return this.#hold('/v1/verdicts:late');
    }
  }

  #newId(): string {
    this.#scans += 1;
    return `attack/${this.#target.token.slice(0, 12)}/${this.#scans}`;
  }

  #line(scanId: string, extra = ''): string {
    const { scans } = this.#target;
    return `{"scanId":"${scanId}",${scans[this.#scans % scans.length]}${extra}}\n`;
  }

  #batch(count: number, idAt: (index: number) => string, extra = ''): string {
    return `{"scans":[${Array.from({ length: count }, (_, index) => this.#line(idAt(index), extra)).join(',')}]}`;
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#target.token}` };
  }

  #post(path: string, type: string, body: string | Buffer, more: Record<string, string> = {}): Promise<number> {
    const headers = { ...this.#headers(), 'content-type': type, 'content-length': Buffer.byteLength(body), ...more };
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const sent = request(`${this.#target.base}${path}`, { method: 'POST', agent: this.#agent, headers }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
    return promise;
  }

  #get(path: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const sent = request(
      `${this.#target.base}${path}`,
      { agent: this.#agent, headers: this.#headers() },
      (response) => {
        response.resume();
        response.on('close', () => resolve(response.statusCode === 404 ? 200 : (response.statusCode ?? 0)));
      },
    );
    sent.on('error', reject);
    sent.end();
    return promise;
  }

  /** Lines on a stream whose answers are read or not; ends with the stream. */
  #stream(lines: string, isRead: boolean): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    let status = 0;
    const headers = { ...this.#headers(), 'content-type': 'application/x-ndjson' };
    const sent = request(`${this.#target.base}/v1/verdicts:stream`, { method: 'POST', agent: false, headers });
    sent.on('response', (response) => {
      status = response.statusCode ?? 0;
      response.on('error', () => {});
      if (isRead || status !== 200) response.resume();
    });
    this.#untilClosed(sent, () => resolve(status));
    sent.end(lines);
    return promise;
  }

  /** A feed that is held for as long as it may be. */
  #hold(path: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    let status = 0;
    const sent = request(`${this.#target.base}${path}`, { agent: false, headers: this.#headers() });
    sent.on('response', (response: IncomingMessage) => {
      status = response.statusCode ?? 0;
      response.on('error', () => {});
      if (status !== 200) response.resume();
    });
    this.#untilClosed(sent, () => resolve(status));
    sent.end();
    return promise;
  }

  #untilClosed(sent: ReturnType<typeof request>, onClosed: () => void): void {
    const look = setInterval(() => {
      if (this.#isOver) sent.destroy();
    }, 200);
    sent.on('error', () => {});
    sent.on('close', () => {
      clearInterval(look);
      onClosed();
    });
  }
}
