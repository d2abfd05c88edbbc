import type { NewMessage, StoredMessage } from '../client-port.ts';

/** What a stage does with one partition while it owns it. */
export interface StageTask {
  /** The first message that it wants; null for the oldest there is. */
  readonly start: bigint | null;
  /** What it wants is not in the topic: it was deleted, or the topic is another by now. Messages come from here on. */
  beginAt?(offset: bigint): void;
  /** How much of a batch a message fills: messages are taken together until they fill one. */
  weigh(message: StoredMessage): number;
  /**
   * What to publish once the messages are done with. Called in their order, for several batches before the first has
   * answered; the answers are published in the order of the calls.
   */
  process(messages: readonly StoredMessage[]): Promise<readonly NewMessage[]>;
  /** Called now and then, and when nothing is waiting; what there is to publish besides. */
  onIdle?(isCaughtUp: boolean): Promise<readonly NewMessage[]>;
  /** Whether looking around has nothing more to say, as far as is known; always, where it is not told. */
  readonly isSettled?: boolean;
  close(): Promise<void>;
}

export interface TaskFactory {
  /** Takes a partition over; `published` is how far its outputs are known to be published. */
  claim(partition: number, published: bigint | null): Promise<StageTask>;
}
