import { plural } from '../../indicium/index.ts';
import { count } from '../terminal.ts';
import type { Driven, Load } from './drive.ts';
import type { LatencyHistogram } from './latency-histogram.ts';

const SHARES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const;
/** Beyond this share of its time, a generator may be what is measured. */
const BUSY_SHARE_MAX = 0.8;

/** One object for machines; latencies in milliseconds from the due time. */
export function loadJson({ endpoint, rate, pieces }: Load, { tally, seconds, busy }: Driven) {
  return {
    endpoint,
    rate,
    pieces,
    seconds: round(seconds),
    accepted: tally.dispositions.accept,
    diverted: tally.dispositions.divert,
    manual: tally.dispositions.manual,
    late: tally.late,
    repeated: tally.repeated,
    refused: tally.refused,
    failed: Object.fromEntries(tally.failed),
    latencyMs: quantilesOf(tally.latency),
    sentAfterDueMs: quantilesOf(tally.lag),
    generatorBusy: round(busy),
  };
}

export function loadText(load: Load, { tally, seconds, busy }: Driven): string {
  const { dispositions, late, repeated, refused, failed, latency, lag } = tally;
  const { p50, p90, p99, p999, max } = quantilesOf(latency);
  const failures = [...failed].map(([code, times]) => `, ${count(times)} ${code}`).join('');
  const lines = [
    `${plural(load.pieces, 'piece')} at ${count(load.rate)} a second (${load.endpoint}), all answered after ${seconds.toFixed(1)} s`,
    `${count(dispositions.accept)} accepted, ${count(dispositions.divert)} diverted, ${count(dispositions.manual)} manual; ` +
      `${count(late)} late, ${count(repeated)} repeated, ${count(refused)} refused (429)${failures}`,
    `milliseconds from the due time: p50 ${p50}, p90 ${p90}, p99 ${p99}, p99.9 ${p999}, most ${max}`,
    ...latency.plot(),
    `the generator was busy for ${Math.round(busy * 100)} % of the time and sent ${quantilesOf(lag).p99} ms after the due time (p99)`,
  ];
  if (busy > BUSY_SHARE_MAX)
    lines.push('it may be the generator that was measured: use a lower rate or another machine');
  return `${lines.join('\n')}\n`;
}

export function quantilesOf(histogram: LatencyHistogram) {
  return {
    p50: round(histogram.quantileMs(SHARES.p50)),
    p90: round(histogram.quantileMs(SHARES.p90)),
    p99: round(histogram.quantileMs(SHARES.p99)),
    p999: round(histogram.quantileMs(SHARES.p999)),
    max: round(histogram.maxMs),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
