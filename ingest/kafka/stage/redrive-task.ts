import { REDRIVE_BYTES_MAX } from '../limits.ts';
import { redriven } from '../messages/dead-letter.ts';
import type { TaskFactory } from './stage-task.ts';

/** How many dead letters were put back, and how many cannot be: see `redriven`. */
type OnRedriven = (redriven: number, left: number) => void;

/** Puts dead letters back where they came from, as they were; each once. */
export function redriveTasks(topics: ReadonlySet<string>, onRevived: OnRedriven): TaskFactory {
  return {
    claim: async (_, published) => ({
      start: published,
      weigh: ({ value }) => (value?.length ?? 0) / REDRIVE_BYTES_MAX,
      process: async (letters) => {
        const messages = letters.map((letter) => redriven(letter, topics)).filter((message) => message !== null);
        onRevived(messages.length, letters.length - messages.length);
        return messages;
      },
      close: async () => {},
    }),
  };
}
