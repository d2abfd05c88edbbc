import { inspect } from 'node:util';
import { excerpt, type Mark, type Scan } from '../indicium/index.ts';
import { bareScan } from './bare-scan.ts';

export type BrokenMark = Extract<Mark, { readonly kind: 'none' }>;

/** What is said of a scan that ended the thread that read it. */
export const THREAD_ENDED = 'the thread that read it ended';

/** The mark of a scan at which this program failed; `fault` is told to operators, since it is a bug. */
export function brokenMark(reason: 'scan-malformed' | 'reader-failed', error: unknown): BrokenMark {
  const name = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error, { depth: 0 });
  const fault = error instanceof Error ? (error.stack ?? name) : name;
  return {
    kind: 'none',
    reason,
    detail: excerpt(`this program failed at it: ${name}`),
    fault: fault.slice(0, FAULT_CHARS_MAX),
  };
}

/** A scan at which this program failed, without anything else it said: that may be what broke it. */
export function brokenScan(
  { scanId, plant, sender, digest }: Pick<Scan, 'scanId' | 'plant' | 'sender' | 'digest'>,
  mark: BrokenMark,
): Scan {
  return { ...bareScan(scanId, mark, digest), plant, sender };
}

/** Whether this program threw at the scan. */
export function isFault({ mark }: Pick<Scan, 'mark'>): boolean {
  return mark.kind === 'none' && mark.fault !== undefined;
}

/** Characters of a stack: some twenty lines. */
const FAULT_CHARS_MAX = 2_000;

/**
 * A scan, or where making it throws, one that says so: no line, image or message may end the pipeline that all the others
 * go through.
 */
export function scanOrBroken(make: () => Scan, broken: (mark: BrokenMark) => Scan): Scan {
  try {
    return make();
  } catch (error) {
    return broken(brokenMark('scan-malformed', error));
  }
}
