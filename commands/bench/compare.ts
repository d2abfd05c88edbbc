import type { Measured } from './results-file.ts';

/** What can be said of a figure in two results. */
export interface Comparison {
  readonly benchmark: string;
  readonly name: string;
  /** Of the medians, the new one over the old one. */
  readonly ratio: number;
  /** Where the ratio lies, 99 times of 100, by the spread of the samples. */
  readonly from: number;
  readonly to: number;
  readonly verdict: 'slower' | 'faster' | 'no difference' | 'cannot tell';
}

/** Less is nobody's concern. */
const DIFFERENCE_MIN = 0.02;
/** With a wider interval a difference of five in a hundred would not be seen. */
const HALF_WIDTH_MAX = 0.05;
const SAMPLES_MIN = 5;
const RESAMPLES = 4_000;
const CONFIDENCE = 0.99;

/** Paired figures that stand in both results, in the order of the new one. */
export function compareResults(old: readonly Measured[], now: readonly Measured[]): Comparison[] {
  const known = new Map(old.map((one) => [`${one.benchmark}\n${one.name}`, one]));
  return now.flatMap((one) => {
    const before = known.get(`${one.benchmark}\n${one.name}`);
    if (before === undefined || !one.isPaired || !before.isPaired) return [];
    return [compare(before, one)];
  });
}

function compare(before: Measured, now: Measured): Comparison {
  const { benchmark, name, better } = now;
  const ratio = middle(now.samples) / middle(before.samples);
  if (Math.min(before.samples.length, now.samples.length) < SAMPLES_MIN) {
    return { benchmark, name, ratio, from: 0, to: Number.POSITIVE_INFINITY, verdict: 'cannot tell' };
  }
  const [from, to] = intervalOf(before.samples, now.samples);
  const isUp = from > 1 && ratio > 1 + DIFFERENCE_MIN;
  const isDown = to < 1 && ratio < 1 - DIFFERENCE_MIN;
  const rising = better === 'higher' ? 'faster' : 'slower';
  const falling = better === 'higher' ? 'slower' : 'faster';
  const isNarrow = (to - from) / 2 <= HALF_WIDTH_MAX;
  const verdict = isUp ? rising : isDown ? falling : isNarrow ? 'no difference' : 'cannot tell';
  return { benchmark, name, ratio, from, to, verdict };
}

/** Bootstrap: medians of samples drawn anew, with replacement, from a fixed seed so that the same results compare alike. */
function intervalOf(before: readonly number[], now: readonly number[]): [from: number, to: number] {
  const next = uniform(0x5eed);
  const draw = (samples: readonly number[]) =>
    middle(samples.map(() => samples[Math.floor(next() * samples.length)] ?? Number.NaN));
  const ratios = Array.from({ length: RESAMPLES }, () => draw(now) / draw(before)).sort((a, b) => a - b);
  const at = (share: number) => ratios[Math.min(RESAMPLES - 1, Math.floor(RESAMPLES * share))] ?? Number.NaN;
  return [at((1 - CONFIDENCE) / 2), at((1 + CONFIDENCE) / 2)];
}

/** The median; of an even number of samples the mean of the two in the middle. */
function middle(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1] ?? Number.NaN, sorted[Math.floor(half)] ?? Number.NaN];
  return (low + high) / 2;
}

/** Marsaglia's xorshift with 32 bits, as a number from 0 to 1. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
