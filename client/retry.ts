import { setTimeout as sleep } from 'node:timers/promises';
import { digest64 } from '../indicium/index.ts';
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN, RETRY_AFTER_MS_MAX } from './limits.ts';

/** Beyond them the bound is reached for any first pause. */
const DOUBLINGS_MAX = 30;

export interface Attempt {
  readonly elapsedMs: number;
  readonly leftMs: number;
}

export interface Tried<Outcome> {
  readonly outcome: Outcome;
  /** Null where trying again would not help; otherwise milliseconds that the server asks to wait, 0 where it does not say. */
  readonly retryAfterMs: number | null;
}

interface RetryPolicy {
  readonly withinMs: number;
  readonly attemptsMax: number;
}

/**
 * Tries until there is an outcome that stays, the time is over or the attempts are. The last outcome counts. It does not
 * begin to wait for an attempt that it would have no time for.
 */
export async function retry<Outcome>(
  key: string,
  { withinMs, attemptsMax }: RetryPolicy,
  attempt: (attempt: Attempt) => Promise<Tried<Outcome>>,
): Promise<Outcome> {
  const startedAtMs = performance.now();
  for (let number = 1; ; number++) {
    const elapsedMs = performance.now() - startedAtMs;
    const { outcome, retryAfterMs } = await attempt({ elapsedMs, leftMs: withinMs - elapsedMs });
    if (retryAfterMs === null || number >= attemptsMax) return outcome;
    const pauseMs = waitMs(key, number, retryAfterMs);
    if (performance.now() - startedAtMs + pauseMs >= withinMs) return outcome;
    await sleep(pauseMs);
  }
}

/**
 * Milliseconds until the attempt after that one: what the server asks for, within a bound, and at least a time that doubles
 * from attempt to attempt. Which part of its upper half that is depends on the key, so that clients spread out.
 */
export function waitMs(key: string, attempt: number, retryAfterMs: number): number {
  const full = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(attempt - 1, DOUBLINGS_MAX));
  const share = Number(BigInt.asUintN(32, digest64(`${key} ${attempt}`))) / 2 ** 32;
  return Math.max(Math.min(retryAfterMs, RETRY_AFTER_MS_MAX), full * (0.5 + share / 2));
}
