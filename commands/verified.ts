import { REPETITIONS } from '../analytics/index.ts';
import {
  foreignFields,
  isGenuine,
  parseForeignMark,
  parseIndicium,
  plainFields,
  REASONS,
  type ReadingOutcome,
} from '../indicium/index.ts';
import { authenticate, type Check, checksOf, type KeyRing, type ScanTimes } from '../verify/index.ts';
import type { ShownFields } from './shown-fields.ts';

export type PayloadBytes = Uint8Array | Exclude<ReadingOutcome, 'valid'>;

/** What a store holds of a scan. */
export interface Recorded extends ScanTimes {
  readonly scanId: string;
  readonly plant: string | null;
  readonly disposition: string;
  readonly reasons: readonly string[];
}

/** A mark with every check of it. */
export interface Verified {
  readonly payload: string;
  readonly outcome: ReadingOutcome;
  readonly reason: string | null;
  readonly fields: ShownFields | null;
  readonly checks: readonly Check[];
  /** Of a recorded scan; null for a payload alone. */
  readonly recorded: Recorded | null;
}

export function verified(
  payload: string,
  bytes: PayloadBytes,
  times: ScanTimes,
  ring: KeyRing,
  recorded: Recorded | null = null,
): Verified {
  const { outcome, fields, printedAtMs } = judged(bytes, times, ring);
  const format: Check = {
    name: 'format',
    question: 'Are the bytes a mark that is known here?',
    result: fields !== null ? 'passed' : 'failed',
  };
  const checks = [format, ...checksOf(outcome, { ...times, printedAtMs }), sightingsCheck(outcome, recorded)];
  return { payload, outcome, reason: outcome === 'valid' ? null : REASONS[outcome], fields, checks, recorded };
}

type Judged = Pick<Verified, 'outcome' | 'fields'> & { readonly printedAtMs: number | null };

function judged(bytes: PayloadBytes, times: ScanTimes, ring: KeyRing): Judged {
  if (typeof bytes === 'string') return { outcome: bytes, fields: null, printedAtMs: null };
  const parsed = parseIndicium(bytes);
  if ('indicium' in parsed) {
    const { indicium } = parsed;
    const { printedAtMs } = indicium;
    return { outcome: authenticate(indicium, ring, times), fields: plainFields(indicium), printedAtMs };
  }
  const foreign = parseForeignMark(bytes);
  if (foreign === null) return { outcome: parsed.failure, fields: null, printedAtMs: null };
  return { outcome: 'no-key', fields: foreignFields(foreign), printedAtMs: null };
}

/** Whether a piece was seen before, only the recorded scans tell; marks that are not genuine are not looked for among them. */
function sightingsCheck(outcome: ReadingOutcome, recorded: Recorded | null): Check {
  const check = { name: 'sightings', question: 'Was the piece not seen as another one?' };
  if (!isGenuine(outcome)) return { ...check, result: 'not reached' };
  if (recorded === null) return { ...check, result: 'not checked', note: 'only a store knows: --scan ID --db STORE' };
  const repetition = REPETITIONS.find((code) => recorded.reasons.includes(code));
  if (repetition === undefined) return { ...check, result: 'passed', note: 'when it was recorded' };
  return { ...check, result: 'failed', note: repetition };
}
