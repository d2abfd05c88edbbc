import { setTimeout as sleep } from 'node:timers/promises';
import type { Connections, NoAnswer } from './exchange.ts';
import { LATE_REMEMBERED_MAX } from './limits.ts';
import { LineConnection } from './line-connection.ts';
import { lateAnswer, type Outcome, problemOf } from './outcome.ts';
import { waitMs } from './retry.ts';

/** Late verdicts over a connection that is made again whenever it ends; a server gives its last ones each time. */
export async function* lateVerdicts(connections: Connections, signal: AbortSignal | null): AsyncGenerator<Outcome> {
  const known = new Set<string>();
  const isOver = () => signal?.aborted === true;
  for (let failures = 0; !isOver(); ) {
    const connection = new LineConnection(connections, 'GET', '/v1/verdicts:late');
    const stop = () => connection.destroy();
    signal?.addEventListener('abort', stop);
    try {
      const lines = connection.lines();
      let next = await lines.next();
      for (; next.done !== true; next = await lines.next()) {
        const answer = lateAnswer(next.value);
        if (answer === null || known.has(answer.scanId)) continue;
        remember(known, answer.scanId);
        failures = 0;
        yield answer;
      }
      const { outcome, retryAfterMs } = problemOf(next.value ?? ENDED, null);
      if (retryAfterMs === null) {
        yield outcome;
        return;
      }
      failures += 1;
      if (!isOver()) await sleep(waitMs('late', failures, retryAfterMs));
    } finally {
      signal?.removeEventListener('abort', stop);
      stop();
    }
  }
}

/** Sets keep the order in which they were filled, so that the oldest is the first. */
function remember(known: Set<string>, scanId: string): void {
  known.add(scanId);
  if (known.size <= LATE_REMEMBERED_MAX) return;
  for (const oldest of known) {
    known.delete(oldest);
    return;
  }
}

const ENDED: NoAnswer = { code: 'unreachable', detail: 'the server ended the feed' };
