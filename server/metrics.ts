import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AnswerOrProblem, AnswerTimings, ProblemCode } from '../api/index.ts';
import { addLakeGauges, type LakeBehind } from './lake-metrics.ts';
import { CLIENT_LABELS_MAX } from './limits.ts';

/** What is asked for when somebody asks for the metrics. */
interface MeasuredPorts {
  readonly queued: () => Readonly<Record<'payload' | 'image' | 'stream', number>>;
  /** The same by client: the id of a token, '' without tokens. */
  readonly queuedOf: () => ReadonlyMap<string, number>;
  /** Seconds that the oldest scan without a verdict has waited. */
  readonly lagSeconds: () => number;
  readonly streams: () => number;
  readonly storeBytes: () => Promise<number>;
  readonly trustVersion: () => number;
  /** Images by the rung of the ladder that read them, or the reason why none did. */
  readonly images: () => Readonly<Record<string, number>>;
  readonly isPaused: () => boolean;
  /** By partition; a store that has none is 0. */
  readonly lakes: () => ReadonlyMap<string, LakeBehind>;
}

/** A verdict within milliseconds, or behind a long queue. */
const STAGE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const LOOK_SECONDS = [0.01, 0.1, 1, 10, 60, 600];

/** Fields of scans that were given and not used. */
export const IGNORED_FIELDS = {
  name: 'indicia_ignored_fields_total',
  help: 'Fields of scans that were given and not used, by the field and what was wrong with it.',
  labelNames: ['field', 'problem'],
} as const;

/** Checks of genuine marks that were not made. */
export const UNCHECKED_METRIC = {
  name: 'indicia_unchecked_total',
  help: 'Scans with a genuine mark by the checks of it that were not made because something they need was missing.',
  labelNames: ['check'],
} as const;

/** Everything under /metrics. */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #pieces = new Counter({
    name: 'indicia_pieces_total',
    help: 'Scans recorded, by disposition and reasons.',
    labelNames: ['disposition', 'reason'],
    registers: this.#registers,
  });
  readonly #pieceCounters = new Map<string, Counter.Internal>();
  readonly #repeated = this.#counter('indicia_repeated_total', 'Scans that were delivered again.');
  readonly #faults = this.#counter(
    'indicia_reader_exceptions_total',
    'Scans at which the program failed, which were answered as unreadable. Each is a bug.',
  );
  readonly #ignored = new Counter({ ...IGNORED_FIELDS, registers: this.#registers });
  readonly #unchecked = new Counter({ ...UNCHECKED_METRIC, registers: this.#registers });
  readonly #late = this.#counter(
    'indicia_late_total',
    'Scans answered without a verdict, since their deadline had passed.',
  );
  readonly #refused = new Counter({
    name: 'indicia_problems_total',
    help: 'Requests answered with a problem, by its code.',
    labelNames: ['code'],
    registers: this.#registers,
  });
  readonly #busy = new Counter({
    name: 'indicia_client_refusals_total',
    help: 'Requests refused since their client had more here than its share, by client.',
    labelNames: ['client'],
    registers: this.#registers,
  });
  readonly #labeled = new Set<string>();
  readonly #stages = new Histogram({
    name: 'indicia_stage_seconds',
    help: 'Time of a batch in each stage.',
    labelNames: ['stage'],
    buckets: STAGE_SECONDS,
    registers: this.#registers,
  });
  readonly #answers = new Histogram({
    name: 'indicia_answer_seconds',
    help: 'From the arrival of a scan to its answer, by endpoint.',
    labelNames: ['endpoint'],
    buckets: STAGE_SECONDS,
    registers: this.#registers,
  });
  readonly #looks = new Histogram({
    name: 'indicia_detect_seconds',
    help: 'Time of a look for fraud over what is new.',
    buckets: LOOK_SECONDS,
    registers: this.#registers,
  });
  readonly #findings = this.#gauge('indicia_findings', 'Findings of the last look for fraud.');
  readonly #progress = this.#gauge(
    'indicia_last_progress_timestamp_seconds',
    'When the last verdict became durable, in seconds since 1970.',
  );

  /** Of what is there to be asked for; the counters of what happens are there anyway. */
  measure(ports: MeasuredPorts): void {
    collectDefaultMetrics({ register: this.registry });
    this.#gaugeOf('indicia_queue_scans', 'Scans that wait or are worked on.', 'kind', ports.queued);
    this.#gaugeOf('indicia_client_queue_scans', 'Scans that wait or are worked on, by client.', 'client', () => {
      const scans: Record<string, number> = Object.fromEntries(
        [...this.#labeled].map((client) => [client || 'local', 0]),
      );
      for (const [client, count] of ports.queuedOf()) {
        const label = this.#labelOf(client);
        scans[label] = (scans[label] ?? 0) + count;
      }
      return scans;
    });
    new Counter({
      name: 'indicia_images_total',
      help: 'Images by what read them, or why none did.',
      labelNames: ['result'],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [result, images] of Object.entries(ports.images())) this.labels(result).inc(images);
      },
    });
    addLakeGauges(this.registry, ports.lakes);
    const single: [string, string, () => number | Promise<number>][] = [
      ['indicia_lag_seconds', 'Age of the oldest scan without a verdict.', ports.lagSeconds],
      ['indicia_streams', 'Streams that are open.', ports.streams],
      ['indicia_store_bytes', 'Size of the store with its write-ahead log.', ports.storeBytes],
      ['indicia_trust_version', 'Version of the trust list in use.', ports.trustVersion],
      ['indicia_store_paused', '1 while the store cannot be written.', () => Number(ports.isPaused())],
    ];
    for (const [name, help, value] of single) {
      new Gauge({
        name,
        help,
        registers: this.#registers,
        async collect() {
          this.set(await value());
        },
      });
    }
  }

  /** Verdicts that became durable together, new ones and repeated ones. */
  recorded(fresh: readonly AnswerOrProblem[], repeated: number, nowMs: number): void {
    for (const answer of fresh) {
      this.#piece(answer).inc();
      if ('code' in answer) continue;
      for (const { field, problem } of answer.ignoredFields) this.#ignored.labels(field, problem).inc();
      for (const check of answer.unchecked) this.#unchecked.labels(check).inc();
    }
    this.#repeated.inc(repeated);
    this.#progress.set(nowMs / 1_000);
  }

  stages({ waitMs, readMs, recordMs }: Pick<AnswerTimings, 'waitMs' | 'readMs' | 'recordMs'>): void {
    this.#stages.labels('wait').observe(waitMs / 1_000);
    this.#stages.labels('read').observe(readMs / 1_000);
    this.#stages.labels('record').observe(recordMs / 1_000);
  }

  answered(endpoint: string, ms: number): void {
    this.#answers.labels(endpoint).observe(ms / 1_000);
  }

  faulted(scans: number): void {
    this.#faults.inc(scans);
  }

  late(): void {
    this.#late.inc();
  }

  refused(code: ProblemCode, client: string): void {
    this.#refused.labels(code).inc();
    if (code === 'too-busy') this.#busy.labels(this.#labelOf(client)).inc();
  }

  looked(seconds: number, findings: number): void {
    this.#looks.observe(seconds);
    this.#findings.set(findings);
  }

  /** Tokens are few, but a file may have any number: the first ones are named, and the others are one. */
  #labelOf(client: string): string {
    if (this.#labeled.size < CLIENT_LABELS_MAX) this.#labeled.add(client);
    return this.#labeled.has(client) ? client || 'local' : 'other';
  }

  #piece(answer: AnswerOrProblem): Counter.Internal {
    const [disposition, reason] =
      'code' in answer
        ? ['manual', answer.code]
        : [answer.disposition, answer.reasons.map(({ code }) => code).join(',')];
    const key = `${disposition} ${reason}`;
    const known = this.#pieceCounters.get(key);
    if (known !== undefined) return known;
    const counter = this.#pieces.labels(disposition, reason || 'none');
    this.#pieceCounters.set(key, counter);
    return counter;
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: this.#registers });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: this.#registers });
  }

  #gaugeOf(name: string, help: string, label: string, values: () => Readonly<Record<string, number>>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: this.#registers,
      collect() {
        for (const [of, value] of Object.entries(values())) this.labels(of).set(value);
      },
    });
  }
}
