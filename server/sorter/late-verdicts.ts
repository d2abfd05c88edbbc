import type { ServerResponse } from 'node:http';
import { type AnswerOrProblem, ProblemError } from '../../api/index.ts';
import {
  BUSY_RETRY_SECONDS,
  LATE_KEPT_MAX,
  LATE_LISTENERS_MAX,
  LATE_LISTENERS_PER_CLIENT_MAX,
  LATE_UNREAD_BYTES_MAX,
} from '../limits.ts';

interface Late {
  readonly plant: string | null;
  readonly line: string;
}

/** A client that wants to know the verdicts that came after their deadlines. */
interface LateListener {
  /** In whose share of the listeners it counts. */
  readonly client: string;
  readonly response: ServerResponse;
  /** False for verdicts that are not for it, and for all when it may not listen any more. */
  readonly mayRead: (plant: string | null) => boolean;
}

/** Verdicts that became durable after their deadline had been answered: the last of them are kept, and all are published. */
export class LateVerdicts {
  readonly #listeners = new Set<LateListener>();
  #kept: Late[] = [];

  /** Once, by the answer that made it durable: what was answered again or refused is not news. */
  publish(plant: string | null, verdict: AnswerOrProblem): void {
    if ('code' in verdict || verdict.repeated) return;
    const late = { plant, line: `${JSON.stringify(verdict)}\n` };
    this.#kept.push(late);
    if (this.#kept.length >= 2 * LATE_KEPT_MAX) this.#kept = this.#kept.slice(-LATE_KEPT_MAX);
    for (const listener of this.#listeners) send(listener, late);
  }

  /** @throws ProblemError when there are too many listeners already, of all clients or of this one. */
  refuseWhenFull(client: string): void {
    let own = 0;
    for (const listener of this.#listeners) if (listener.client === client) own += 1;
    const isFull = this.#listeners.size >= LATE_LISTENERS_MAX;
    if (!isFull && own < LATE_LISTENERS_PER_CLIENT_MAX) return;
    const detail = isFull ? `${LATE_LISTENERS_MAX} listen already` : `${own} of this client listen already`;
    throw new ProblemError('too-busy', detail, undefined, BUSY_RETRY_SECONDS);
  }

  /** Until the listener goes away. */
  listen(listener: LateListener): void {
    this.#listeners.add(listener);
    listener.response.on('close', () => this.#listeners.delete(listener));
    for (const late of this.#kept.slice(-LATE_KEPT_MAX)) send(listener, late);
  }

  end(): void {
    for (const { response } of this.#listeners) response.end();
  }
}

/** A listener that does not read is cut off: it is given the last ones again when it comes back. */
function send({ response, mayRead }: LateListener, { plant, line }: Late): void {
  if (!mayRead(plant)) return;
  response.write(line);
  if (response.writableLength > LATE_UNREAD_BYTES_MAX) response.destroy();
}
