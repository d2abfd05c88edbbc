import type { Link } from '../../psd-sim/offices/office.ts';

/** What an untrusted link does with the next message. */
export const MISCHIEFS = [
  'pass',
  'lose',
  'lose-answer',
  'alter',
  'alter-answer',
  'repeat',
  'swap',
  'delay',
  'replay-answer',
] as const;
export type Mischief = (typeof MISCHIEFS)[number];

/** Links that lose, repeat, reorder, alter and replay what crosses them, as planned. */
export class HostileLinks {
  /** Every text that crossed them: what an eavesdropper has. */
  readonly texts: string[] = [];
  readonly #delayed: (() => Promise<string>)[] = [];
  #mischief: Mischief[] = [];
  #alterAt = 0;

  /** What the links do with the messages of the next step, and where in a text they change it, from 0 to below 1. */
  plan(mischief: readonly Mischief[], alterAt = 0.5): void {
    this.#mischief = [...mischief];
    this.#alterAt = alterAt;
  }

  /** The link, in the hands of an attacker. */
  through(link: Link): Link {
    let lastAnswer = '';
    return async (message) => {
      this.texts.push(message);
      const act = this.#mischief.shift() ?? 'pass';
      if (act === 'lose') return '';
      if (act === 'delay') {
        this.#delayed.push(() => link(message));
        return '';
      }
      if (act === 'repeat') await link(message);
      const sent = act === 'alter' ? this.#altered(message) : act === 'swap' ? this.#earlier(message) : message;
      const answer = await link(sent);
      this.texts.push(answer);
      await this.#deliverDelayed();
      if (act === 'lose-answer') return '';
      if (act === 'replay-answer') return lastAnswer;
      lastAnswer = answer;
      return act === 'alter-answer' ? this.#altered(answer) : answer;
    };
  }

  /** What was held back arrives after what was sent later; the asker no longer waits for the answer. */
  async #deliverDelayed(): Promise<void> {
    for (const deliver of this.#delayed.splice(0)) this.texts.push(await deliver());
  }

  #earlier(message: string): string {
    return this.texts.findLast((text) => text !== message && text.startsWith('{"type"')) ?? message;
  }

  /** One character becomes another. */
  #altered(text: string): string {
    const at = Math.floor(text.length * this.#alterAt);
    return `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`;
  }
}
