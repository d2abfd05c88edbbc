import type { AnswerOrProblem } from '../../../api/index.ts';
import type { AnswerWriter } from './answer-writer.ts';

/** The place of one answer among those of its stream. */
export interface AnswerPlace {
  /** The answer as a line; null until it is there. */
  text: string | null;
  onWritten: () => void;
}

/**
 * Answers of one stream in the order of its lines: each is written as soon as it and all before it are there. Those that are
 * there together are written together.
 */
export class AnswerOrder {
  readonly #output: AnswerWriter;
  readonly #places: AnswerPlace[] = [];
  #isWriting = false;

  constructor(output: AnswerWriter) {
    this.#output = output;
  }

  /** The next place. */
  add(): AnswerPlace {
    const place = { text: null, onWritten: () => {} };
    this.#places.push(place);
    return place;
  }

  /** The first answer counts. */
  settle(place: AnswerPlace, answer: AnswerOrProblem): void {
    this.#fill(place, asLine(answer));
  }

  /** An answer that could not be had must not be skipped: the sender asks again for all that is missing. */
  fail(place: AnswerPlace): void {
    if (place.text === null) this.#output.cut();
    this.#fill(place, '');
  }

  /** Leaves a place without an answer: its line is not taken. */
  leaveOut(place: AnswerPlace): void {
    this.#fill(place, '');
  }

  /** Until all places have been written that there are by now. */
  async written(last = this.#places.at(-1)): Promise<void> {
    if (last === undefined || !this.#places.includes(last)) return;
    await new Promise<void>((resolve) => {
      const { onWritten } = last;
      last.onWritten = () => {
        onWritten();
        resolve();
      };
    });
  }

  #fill(place: AnswerPlace, text: string): void {
    place.text ??= text;
    if (this.#isWriting || place !== this.#places[0]) return;
    this.#isWriting = true;
    // Those of the same batch are there a moment later.
    queueMicrotask(() => void this.#write());
  }

  async #write(): Promise<void> {
    for (let ready = this.#ready(); ready.length > 0; ready = this.#ready()) {
      await this.#output.write(ready.map(({ text }) => text).join(''));
      this.#places.splice(0, ready.length);
      for (const { onWritten } of ready) onWritten();
    }
    this.#isWriting = false;
  }

  #ready(): AnswerPlace[] {
    const open = this.#places.findIndex(({ text }) => text === null);
    return this.#places.slice(0, open === -1 ? this.#places.length : open);
  }
}

function asLine(answer: AnswerOrProblem): string {
  return `${JSON.stringify(answer)}\n`;
}
