import type { Answer, AnswerOrProblem } from '../../api/index.ts';

/** When to answer without a verdict, and what. */
export interface Deadline {
  readonly ms: number;
  readonly lateAnswer: (pending: PendingAnswer) => Answer;
  /** The verdict came after its deadline. */
  readonly onLateVerdict: (pending: PendingAnswer, verdict: AnswerOrProblem) => void;
}

/** One scan between its arrival and its answer, which is the verdict or, once a deadline has passed, the default. */
export class PendingAnswer {
  readonly scanId: string;
  readonly plant: string | null;
  /** As performance.now tells it. */
  readonly arrivedAtMs: number;
  readonly #deadline: Deadline | null;
  readonly #answer = Promise.withResolvers<AnswerOrProblem>();
  readonly #timer: NodeJS.Timeout | undefined;
  #isLate = false;

  constructor(scan: { scanId: string; plant: string | null }, arrivedAtMs: number, deadline: Deadline | null) {
    this.scanId = scan.scanId;
    this.plant = scan.plant;
    this.arrivedAtMs = arrivedAtMs;
    this.#deadline = deadline;
    if (deadline === null) return;
    const leftMs = Math.max(0, arrivedAtMs + deadline.ms - performance.now());
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.#answer.resolve(deadline.lateAnswer(this));
    }, leftMs);
  }

  get hasDeadline(): boolean {
    return this.#deadline !== null;
  }

  get answer(): Promise<AnswerOrProblem> {
    return this.#answer.promise;
  }

  /** The verdict is durable. */
  settle(verdict: AnswerOrProblem): void {
    clearTimeout(this.#timer);
    if (this.#isLate) this.#deadline?.onLateVerdict(this, verdict);
    else this.#answer.resolve(verdict);
  }

  /** The verdict failed to come, or nobody is to wait for it; where there is a deadline, it holds. */
  fail(error: Error): void {
    clearTimeout(this.#timer);
    this.#answer.promise.catch(() => {});
    this.#answer.reject(error);
  }
}
