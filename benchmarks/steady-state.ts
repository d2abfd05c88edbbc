import { median, quantile } from './table.ts';

/** What was done in one span of time. */
export interface Window {
  readonly pieces: number;
  readonly seconds: number;
  /** Of all threads and processes that did it. */
  readonly processorSeconds: number;
}

/** What consecutive windows say together. */
export interface SteadyState {
  /** Pieces a second of each window, and the median of them. */
  readonly rates: readonly number[];
  readonly aSecond: number;
  /** Half of the range that eight of ten windows lie in, as a share of the median. */
  readonly spread: number;
  /** How much the rate changed from the first window to the last, as a share of the median; negative where it fell. */
  readonly drift: number;
  readonly processorMs: number;
  /** Null where the state is steady. */
  readonly problem: string | null;
}

/** With fewer, eight of ten windows are all of them. */
export const WINDOWS_MIN = 5;
/** A shared machine changes its speed by less than that within a minute; a queue that fills up, or code that is being compiled, by more. */
const DRIFT_MAX = 0.15;
const SPREAD_MAX = 0.25;

export function steadyStateOf(windows: readonly Window[]): SteadyState {
  const rates = windows.map(({ pieces, seconds }) => pieces / seconds);
  const aSecond = median(rates);
  const spread = (quantile(rates, 0.9) - quantile(rates, 0.1)) / 2 / aSecond;
  const drift = (slopeOf(rates) * (rates.length - 1)) / aSecond;
  const pieces = windows.reduce((sum, window) => sum + window.pieces, 0);
  const processorSeconds = windows.reduce((sum, window) => sum + window.processorSeconds, 0);
  const state = { rates, aSecond, spread, drift, processorMs: (1000 * processorSeconds) / pieces };
  return { ...state, problem: problemOf(windows.length, state) };
}

/** Theil and Sen's slope, a window: the median of all pairs, which one window that was held up does not move. */
function slopeOf(rates: readonly number[]): number {
  const slopes = rates.flatMap((rate, from) =>
    rates.slice(from + 1).map((later, index) => (later - rate) / (index + 1)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

function problemOf(windows: number, { aSecond, spread, drift }: Omit<SteadyState, 'problem'>): string | null {
  if (windows < WINDOWS_MIN) return `the work was over after ${windows} of at least ${WINDOWS_MIN} windows`;
  if (!(aSecond > 0)) return 'nothing was done in half of the windows';
  if (Math.abs(drift) > DRIFT_MAX) return `the rate changed by ${percent(drift)} from the first window to the last`;
  if (spread > SPREAD_MAX) return `the windows lie ${percent(spread)} to either side of their median`;
  return null;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
