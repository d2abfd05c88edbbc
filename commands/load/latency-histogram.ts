/** Buckets grow by this factor, so that a quantile is told to within 1 %. */
const GROWTH = 1.01;
const LOG_GROWTH = Math.log(GROWTH);
/** Milliseconds of the first bucket, and beyond which all is counted as one. */
const LATENCY_MS_MIN = 0.001;
const LATENCY_MS_MAX = 3_600_000;
const BUCKETS = Math.ceil(Math.log(LATENCY_MS_MAX / LATENCY_MS_MIN) / LOG_GROWTH) + 1;
const PLOT_WIDTH = 50;

/** How long pieces took, counted in buckets of one hundredth: its size does not grow with the number of pieces. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  add(latencyMs: number): void {
    const bucket = bucketOf(latencyMs);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sumMs += latencyMs;
    this.#maxMs = Math.max(this.#maxMs, latencyMs);
  }

  get count(): number {
    return this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  /** Milliseconds that this share of the pieces took at most; 0 where there are none. */
  quantileMs(share: number): number {
    if (this.#count === 0) return 0;
    let below = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      below += count;
      if (below >= share * this.#count) return Math.min(upperMs(bucket), this.#maxMs);
    }
    return this.#maxMs;
  }

  /** Lines for a terminal: a row for each doubling of the time, its bar the share of the pieces that took so long. */
  plot(): string[] {
    if (this.#count === 0) return [];
    const rows = new Map<number, number>();
    for (const [bucket, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const doubling = Math.ceil(Math.log2(upperMs(bucket)));
      rows.set(doubling, (rows.get(doubling) ?? 0) + count);
    }
    const doublings = [...rows.keys()];
    const most = Math.max(...rows.values());
    const lines: string[] = [];
    for (let doubling = Math.min(...doublings); doubling <= Math.max(...doublings); doubling++) {
      const count = rows.get(doubling) ?? 0;
      const bar = '█'.repeat(Math.round((count / most) * PLOT_WIDTH)) || (count > 0 ? '▏' : '');
      const label = `≤ ${(2 ** doubling).toLocaleString('en-US', { maximumFractionDigits: 3 })} ms`;
      lines.push(`${label.padStart(12)} ${bar.padEnd(PLOT_WIDTH)} ${count.toLocaleString('en-US')}`);
    }
    return lines;
  }
}

function bucketOf(latencyMs: number): number {
  if (!(latencyMs > LATENCY_MS_MIN)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(latencyMs / LATENCY_MS_MIN) / LOG_GROWTH));
}

function upperMs(bucket: number): number {
  return LATENCY_MS_MIN * GROWTH ** bucket;
}
