import { Option } from 'commander';
import { momentLike } from './options.ts';

/** RFC 3339, with a minute at least. */
export const TIME_WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

export function receivedAtOption(): Option {
  return new Option(
    '--received-at <time>',
    'count scans as received from this time on, for recorded days (default: the clock; unknown for files)',
  )
    .env('INDICIA_RECEIVED_AT')
    .argParser(momentLike(TIME_WITH_ZONE, 'a time with its zone, such as 2026-11-20T18:00:00Z.'));
}

/** A clock that starts at the given time and goes on from there; the given clock if there is no time. */
export function receiptClock(receivedAtMs: number | undefined, nowMs: () => number): () => number {
  if (receivedAtMs === undefined) return nowMs;
  const startedAtMs = nowMs();
  return () => receivedAtMs + Math.max(0, nowMs() - startedAtMs);
}
