import { setTimeout as sleep } from 'node:timers/promises';
import type { Connections, NoAnswer } from './exchange.ts';
import { LineConnection } from './line-connection.ts';
import { endingOf, lineOutcome, type Outcome, problemOf } from './outcome.ts';
import { waitMs } from './retry.ts';
import type { SorterScan } from './scan-body.ts';
import { Unanswered } from './unanswered.ts';

interface StreamOptions {
  readonly withinMs: number;
  /** For scans without their own. */
  readonly deadlineMs: number | undefined;
}

/**
 * Answers in the order of the scans. A connection that breaks, or says nothing while answers are due, is replaced; what
 * waited for longer than it may becomes a problem. A problem that another attempt would not mend ends the stream, after
 * everything that was sent and has no answer got it.
 */
export async function* streamVerdicts(
  connections: Connections,
  scans: AsyncIterable<SorterScan>,
  { withinMs, deadlineMs }: StreamOptions,
): AsyncGenerator<Outcome> {
  const unanswered = new Unanswered(scans, deadlineMs);
  try {
    for (let failures = 0; await unanswered.hasMore(); ) {
      const connection = new LineConnection(connections, 'POST', '/v1/verdicts:stream');
      connection.onSilence(withinMs, () => {
        if (unanswered.oldest !== undefined) connection.destroy();
      });
      unanswered.attach(connection);
      const lines = connection.lines();
      let next = await lines.next();
      let early: ReturnType<typeof endingOf> = null;
      for (; next.done !== true; next = await lines.next()) {
        early = endingOf(next.value);
        if (early !== null) break;
        const sent = unanswered.settle();
        if (sent === undefined) break;
        failures = 0;
        yield lineOutcome(next.value, sent.scan.scanId);
      }
      unanswered.detach();
      if (unanswered.oldest === undefined) continue;
      const ending = next.done === true ? next.value : null;
      const { outcome, retryAfterMs } = early ?? problemOf(ending ?? ENDED, null);
      while (unanswered.oldest !== undefined) {
        const isOver = performance.now() - unanswered.oldest.queuedAtMs >= withinMs;
        if (!isOver && retryAfterMs !== null) break;
        yield { ...outcome, scanId: unanswered.settle()?.scan.scanId ?? null };
      }
      if (retryAfterMs === null) return;
      failures += 1;
      await sleep(waitMs('stream', failures, retryAfterMs));
    }
  } finally {
    unanswered.close();
  }
}

const ENDED: NoAnswer = { code: 'unreachable', detail: 'the server ended the stream' };
