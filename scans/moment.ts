import { MOMENT_CHARS_MAX } from './limits.ts';

/** Why a value is not a moment. */
type MomentProblem = 'not-text' | 'not-a-time' | 'no-zone';

/** Milliseconds since 1970; or the time of a clock on the wall, for which a zone is missing; or why it is neither. */
export type Moment =
  | { readonly ms: number }
  | { readonly local: string; readonly problem: 'no-zone' }
  | { readonly problem: Exclude<MomentProblem, 'no-zone'> };

/** What most machines write, with a day that each month has: the parser of dates takes a fifth of the time of the other. */
const USUAL = /^\d{4}-\d{2}-(?:[01]\d|2[0-8])T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;
/** ISO 8601 has an end of the day, which is the beginning of the next. */
const END_OF_DAY = /^([\d+-]{8,13}[Tt ])24(:?00(?::?00(?:[.,]0+)?)?(?![\d:]).*)$/;
/** More decimals than nanoseconds. */
const LONG_FRACTION = /([.,]\d{9})\d+/;
const DAY_MS = 86_400_000;

/**
 * The moment that a text names, by RFC 3339, RFC 9557 or ISO 8601: extended or basic form, with an offset from UTC. A zone in
 * brackets beside an offset says nothing more; without one, it tells the moment. Fractions beyond milliseconds are cut off; a leap second is the second before it.
 */
export function momentOf(value: unknown): Moment {
  if (typeof value !== 'string') return { problem: 'not-text' };
  if (value.length > MOMENT_CHARS_MAX) return { problem: 'not-a-time' };
  if (USUAL.test(value)) {
    const ms = Date.parse(value);
    if (!Number.isNaN(ms)) return { ms };
  }
  const endOfDay = END_OF_DAY.exec(value);
  const [text, addedMs] = endOfDay === null ? [value, 0] : [`${endOfDay[1]}00${endOfDay[2]}`, DAY_MS];
  const plain = text.replace(LONG_FRACTION, '$1');
  const instant = parsed(() => Temporal.Instant.from(plain));
  if (instant !== null) return { ms: instant.epochMilliseconds + addedMs };
  const zoned = parsed(() => Temporal.ZonedDateTime.from(plain, { disambiguation: 'reject' }));
  if (zoned !== null) return { ms: zoned.epochMilliseconds + addedMs };
  const local = parsed(() => Temporal.PlainDateTime.from(plain));
  const hasTime = /^[\d+-]+[Tt ]\d/.test(plain);
  if (local === null || !hasTime) return { problem: 'not-a-time' };
  return { local: local.add({ milliseconds: addedMs }).toString(), problem: 'no-zone' };
}

/**
 * Milliseconds since 1970 of a clock on the wall; null where the clock showed that time twice or never, as when it is put back
 * or forward.
 */
export function momentInZone(local: string, timeZone: string): number | null {
  const at = parsed(() => Temporal.PlainDateTime.from(local).toZonedDateTime(timeZone, { disambiguation: 'reject' }));
  return at?.epochMilliseconds ?? null;
}

/** Null for what the parser refuses. */
function parsed<Value>(parse: () => Value): Value | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
