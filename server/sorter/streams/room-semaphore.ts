import { FairClock, FairQueue, SharedRoom } from '../../../sharing/index.ts';

interface Waiting {
  readonly amount: number;
  readonly resolve: () => void;
}

/** Room that clients share, where who finds none waits until its client has given some back: nobody waits for others. */
export class RoomSemaphore {
  readonly #room: SharedRoom;
  readonly #waiting = new FairQueue<Waiting>(new FairClock());

  /** What one client may hold. */
  constructor(clientMax: number) {
    this.#room = new SharedRoom(clientMax);
  }

  enter(amount: number, client = ''): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(client, { amount, resolve });
    this.#admit();
    return promise;
  }

  leave(amount: number, client = ''): void {
    this.#room.release(client, amount);
    this.#admit();
  }

  #admit(): void {
    const fits = (client: string, { amount }: Waiting) => this.#room.hasFor(client, amount);
    for (let next = this.#waiting.peek(fits); next !== undefined; next = this.#waiting.peek(fits)) {
      const { client, item } = next;
      this.#waiting.take(client, item.amount);
      this.#room.add(client, item.amount);
      item.resolve();
    }
  }
}
