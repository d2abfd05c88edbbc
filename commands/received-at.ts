import { InvalidArgumentError, Option } from 'commander';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

export function receivedAtOption(): Option {
  return new Option(
    '--received-at <time>',
    'take scans as received from this time on, for recorded days (default: by the clock; of files, nobody knows)',
  )
    .env('INDICIA_RECEIVED_AT')
    .argParser((text) => {
      const ms = Date.parse(text);
      if (!TIME.test(text) || Number.isNaN(ms)) {
        throw new InvalidArgumentError('a time with its zone, such as 2026-11-20T18:00:00Z.');
      }
      return ms;
    });
}

/** A clock that shows the given time now and goes on from it; the one given, where there is no time. */
export function receiptClock(receivedAtMs: number | undefined, nowMs: () => number): () => number {
  if (receivedAtMs === undefined) return nowMs;
  const startedAtMs = nowMs();
  return () => receivedAtMs + Math.max(0, nowMs() - startedAtMs);
}
