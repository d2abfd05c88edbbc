import { revived } from './messages/dead-letter.ts';
import type { TaskFactory } from './stage-task.ts';

/** Puts dead letters back where they came from, as they were; each once. */
export function redriveTasks(topics: ReadonlySet<string>, onRevived: (count: number) => void): TaskFactory {
  return {
    claim: async (_, published) => ({
      start: published,
      weigh: ({ value }) => (value?.length ?? 0) / REDRIVE_BYTES_MAX,
      process: async (letters) => {
        const messages = letters.map((letter) => revived(letter, topics)).filter((message) => message !== null);
        onRevived(messages.length);
        return messages;
      },
      close: async () => {},
    }),
  };
}

/** Put back in one transaction. */
const REDRIVE_BYTES_MAX = 2 ** 20;
