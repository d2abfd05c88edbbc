import { type AnswerOrProblem, ProblemError } from '../../api/index.ts';
import type { Disposition, VerdictQuery } from '../../indicium/index.ts';
import type { BatchAnswers, ScanSource } from '../../scans/index.ts';
import { ActiveClients, FairClock } from '../../sharing/index.ts';
import { PAUSED_RETRY_SECONDS, QUEUE_IMAGES_FREE, QUEUE_IMAGES_MAX, QUEUE_SCANS_FREE } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import { type AnswerPorts, answersOf, type BatchMoments, lateAnswerOf } from './answers.ts';
import type { StoreState } from './health.ts';
import { LateVerdicts } from './late-verdicts.ts';
import { LookUps } from './look-ups.ts';
import { ParseShare } from './parse-share.ts';
import { type Deadline, PendingAnswer } from './pending-answer.ts';
import { type AnsweredBatch, PAYLOAD_BATCH_SCANS_MAX, type QueuedScan, RequestQueue } from './request-queue.ts';
import { bytesOfScan, estimatedScansIn, type RequestedScan } from './scan-request.ts';
import { Streams } from './streams/streams.ts';

interface DeskPorts extends AnswerPorts {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly trustVersion: () => number;
  /** What is answered when a deadline has passed. */
  readonly lateDisposition: Disposition;
  readonly queueScansMax: number;
  /** Milliseconds that so many images of a client take when it has all reading processes for itself. */
  readonly imageMsFor: (client: string, images: number) => number;
  readonly metrics: Metrics;
}

type Rows = (AnswerOrProblem | Promise<AnswerOrProblem>)[];

/** Where scans wait for their verdicts, however they came. */
export class VerdictDispatcher {
  readonly late = new LateVerdicts();
  readonly streams = new Streams();
  readonly lookUps: LookUps;
  /** Between whom payloads are shared, and whose turn it is, whichever way they come. */
  readonly shares = { clock: new FairClock(), active: new ActiveClients() };
  readonly parsing = new ParseShare(this.shares.active);
  readonly #ports: DeskPorts;
  readonly #payloads: RequestQueue;
  readonly #images: RequestQueue;
  #store: StoreState = { kind: 'opening', detail: 'the store is being opened' };
  #isDraining = false;
  #progressAtMs = performance.now();

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    this.lookUps = new LookUps(ports.verdictsOf);
    const onAnswered = (answered: AnsweredBatch) => this.#answered(answered);
    const payloads = {
      scansMax: ports.queueScansMax,
      scansFree: QUEUE_SCANS_FREE,
      batchScansMax: PAYLOAD_BATCH_SCANS_MAX,
    };
    this.#payloads = new RequestQueue(payloads, onAnswered, { ...this.shares, msFor: null });
    // A picture that takes long holds up no other: each goes through the pipeline for itself.
    const images = { scansMax: QUEUE_IMAGES_MAX, scansFree: QUEUE_IMAGES_FREE, batchScansMax: 1 };
    const shares = { ...this.shares, clock: new FairClock(), msFor: ports.imageMsFor };
    this.#images = new RequestQueue(images, onAnswered, shares);
  }

  /** Each to be run through a pipeline of its own. */
  sources(): ScanSource[] {
    // Every image that is let in is handed on at once: it waits where it is known whose turn it is to be read.
    const lanes = Array.from({ length: 2 * QUEUE_IMAGES_MAX }, () => this.#images.source('http-images', false));
    return [this.#payloads.source('http', true), ...lanes];
  }

  get store(): StoreState {
    return this.#store;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get progressAtMs(): number {
    return this.#progressAtMs;
  }

  /** Scans without a verdict, by how they came. */
  get queued(): { payload: number; image: number; stream: number } {
    return { payload: this.#payloads.depth, image: this.#images.depth, stream: this.streams.depth };
  }

  /** The same by who sent them. */
  get queuedOf(): ReadonlyMap<string, number> {
    const scans = new Map<string, number>();
    for (const counts of [this.#payloads.depths(), this.#images.depths(), this.streams.depths()]) {
      for (const [client, count] of counts) scans.set(client, (scans.get(client) ?? 0) + count);
    }
    return scans;
  }

  /** When the oldest of them came, as performance.now tells it; null when there is none that can get on. */
  get oldestAtMs(): number | null {
    const all = [this.#payloads.oldestAtMs, this.#images.oldestAtMs, this.streams.oldestAtMs];
    const known = all.filter((ms) => ms !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  /** How far it is on its way to where it can take scans, for people. */
  starting(detail: string): void {
    this.#store = { kind: 'opening', detail };
  }

  /** The store can be written: the first time, and after a pause. */
  opened(): void {
    this.#store = { kind: 'open' };
  }

  /**
   * The store cannot be written. What is here already waits and is recorded once it can be; a client that set no
   * deadline is told, and gets the verdict when it asks again.
   */
  paused(reason: string): void {
    this.#store = { kind: 'paused', reason };
    for (const queue of [this.#payloads, this.#images]) {
      for (const pending of queue.pending()) {
        if (!pending.hasDeadline) pending.fail(pausedProblem(reason, pending.scanId));
      }
    }
  }

  /** Nothing more is taken; what is here is answered. Ends the sources. */
  drain(): void {
    this.#isDraining = true;
    this.#payloads.end();
    this.#images.end();
  }

  /** @throws ProblemError when nothing is taken at the moment. */
  refuseWhenClosed(): void {
    if (this.#isDraining) {
      throw new ProblemError('draining', 'the server is shutting down', undefined, PAUSED_RETRY_SECONDS);
    }
    if (this.#store.kind === 'opening') {
      throw new ProblemError('starting', this.#store.detail, undefined, PAUSED_RETRY_SECONDS);
    }
    if (this.#store.kind === 'paused') throw pausedProblem(this.#store.reason);
  }

  /**
   * Called before the body of a batch is read: a batch that would be refused anyway need not be read and parsed.
   *
   * @throws ProblemError when the queue has no room for the estimated number of scans.
   */
  refuseWhenBehind(client: string, bytes: number): void {
    refuse(this.#payloads, estimatedScansIn(bytes), 0, client);
  }

  /**
   * All of them, or none.
   *
   * @throws ProblemError when nothing is taken at the moment, or not so much.
   */
  ask(requested: readonly RequestedScan[], arrivedAtMs: number, client = ''): PendingAnswer[] {
    this.refuseWhenClosed();
    this.shares.active.note(client);
    const isImage = ({ scan }: Pick<RequestedScan, 'scan'>) => scan.mark.kind === 'image';
    const isPayload = (one: Pick<RequestedScan, 'scan'>) => !isImage(one);
    refuseWhenBusy(this.#payloads, requested.filter(isPayload), client);
    refuseWhenBusy(this.#images, requested.filter(isImage), client);
    const queued = requested.map(({ scan, deadlineMs }): QueuedScan => {
      const pending = this.pendingOf(scan, arrivedAtMs, deadlineMs);
      return { scan, bytes: bytesOfScan(scan), client, pending };
    });
    this.#payloads.add(queued.filter(isPayload));
    this.#images.add(queued.filter(isImage));
    return queued.map(({ pending }) => pending);
  }

  pendingOf(
    scan: { scanId: string; plant: string | null },
    arrivedAtMs: number,
    deadlineMs: number | null,
  ): PendingAnswer {
    return new PendingAnswer(scan, arrivedAtMs, deadlineMs === null ? null : this.#deadline(deadlineMs));
  }

  /** The answers of a batch, which is durable by now; `clientAt` tells who sent the scan in a row. */
  answersOf(answers: BatchAnswers, moments: BatchMoments, clientAt: (row: number) => string): Rows {
    const { metrics, nowMs, policy } = this.#ports;
    const verdictsOf = (queries: readonly VerdictQuery[], client: string) => this.lookUps.verdictsOf(queries, client);
    const rows = answersOf(answers, moments, { policy, verdictsOf, clientAt });
    this.#progressAtMs = performance.now();
    metrics.recorded(rows.filter(isAnswer), answers.repeatedRows.length, nowMs());
    const waitMs = Math.max(0, moments.takenAtMs - moments.arrivedAtMs(0));
    metrics.stages({ waitMs, readMs: answers.readMs, recordMs: answers.recordMs });
    return rows;
  }

  #deadline(ms: number): Deadline {
    const { lateDisposition, trustVersion, policy, metrics } = this.#ports;
    return {
      ms,
      lateAnswer: (pending) => {
        metrics.late();
        const versions = { trustVersion: trustVersion(), policyVersion: policy.version };
        return lateAnswerOf(pending, { disposition: lateDisposition, ...versions });
      },
      onLateVerdict: ({ plant }, verdict) => this.late.publish(plant, verdict),
    };
  }

  /** Ends once what had to be looked up is also answered; nobody else waits for that. */
  #answered({ batch, answers, takenAtMs }: AnsweredBatch): Promise<unknown> {
    const arrivedAtMs = (row: number) => batch[row]?.pending.arrivedAtMs ?? takenAtMs;
    const rows = this.answersOf(answers, { arrivedAtMs, takenAtMs }, (row) => batch[row]?.client ?? '');
    const looked: Promise<void>[] = [];
    for (const [row, { pending }] of batch.entries()) {
      const answer = rows[row];
      if (answer === undefined) throw new Error('a scan was recorded without an answer');
      if (isAnswer(answer)) pending.settle(answer);
      else {
        const settled = answer.then(
          (late) => pending.settle(late),
          (error: Error) => pending.fail(error),
        );
        looked.push(settled);
      }
    }
    return Promise.all(looked);
  }
}

/** @throws ProblemError when the client has so much here that it would wait too long. */
function refuseWhenBusy(queue: RequestQueue, scans: readonly RequestedScan[], client: string): void {
  if (scans.length === 0) return;
  const bytes = scans.reduce((total, { scan }) => total + bytesOfScan(scan), 0);
  refuse(queue, scans.length, bytes, client);
}

/** @throws ProblemError */
function refuse(queue: RequestQueue, scans: number, bytes: number, client: string): void {
  const seconds = queue.retryAfterSeconds(scans, bytes, client);
  if (seconds === null) return;
  const detail = `${queue.depthOf(client)} of your scans wait; try again in ${seconds} s`;
  throw new ProblemError('too-busy', detail, undefined, seconds);
}

function isAnswer(answer: Rows[number]): answer is AnswerOrProblem {
  return !(answer instanceof Promise);
}

function pausedProblem(reason: string, scanId?: string): ProblemError {
  return new ProblemError('store-paused', `the store: ${reason}`, scanId, PAUSED_RETRY_SECONDS);
}
