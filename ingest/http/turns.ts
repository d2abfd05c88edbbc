import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface TurnLimits {
  /** Requests that are worked on, or whose answers wait to be read. */
  readonly begunMax: number;
  /** Requests behind them. */
  readonly waitingMax: number;
  /** Bytes of answers that wait to be read, beyond which no other request is begun. */
  readonly unreadBytesMax: number;
}

/** The requests that wait on all connections together. */
export interface Waiting {
  count: number;
  readonly countMax: number;
}

export interface TurnPorts {
  /** As they are by now: who has shown a token may have more. */
  readonly limits: () => TurnLimits;
  readonly waiting: Waiting;
  readonly onBegun: (response: ServerResponse) => void;
  readonly onEnded: () => void;
}

interface Exchange {
  readonly response: ServerResponse;
  readonly begin: () => void;
}

/**
 * The requests of one connection, in their order. Node starts all that are in the bytes that it has read, 2,500 of the
 * smallest, whether or not answers are read: here a few are begun, and while others wait, the connection is not read.
 */
export class Turns {
  readonly #socket: Socket;
  readonly #ports: TurnPorts;
  readonly #begun = new Set<ServerResponse>();
  #waiting: Exchange[] = [];

  constructor(socket: Socket, ports: TurnPorts) {
    this.#socket = socket;
    this.#ports = ports;
    // Node reads on behind each answer, whatever was paused before: what it does on 'pause' undoes that.
    socket.on('resume', () => {
      if (this.#waiting.length > 0) this.#pause();
    });
    socket.on('close', () => this.#drop());
  }

  /** Answers that were begun and have not gone out. */
  get begun(): ReadonlySet<ServerResponse> {
    return this.#begun;
  }

  /** Of answers that are in this process still. */
  get unreadBytes(): number {
    let bytes = 0;
    for (const { writableLength } of this.#begun) bytes += writableLength;
    return bytes;
  }

  /** Begins a request when it is its turn. Cuts the connection where more wait than may. */
  take(response: ServerResponse, begin: () => void): void {
    if (this.#socket.destroyed) return;
    this.#waiting.push({ response, begin });
    this.#ports.waiting.count += 1;
    this.#beginMore();
    const { waiting, limits } = this.#ports;
    if (this.#waiting.length > limits().waitingMax || waiting.count > waiting.countMax) this.#cut();
    else if (this.#waiting.length > 0) this.#pause();
  }

  #beginMore(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#mayBegin(); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#ports.waiting.count -= 1;
      const { response, begin } = next;
      this.#begun.add(response);
      this.#ports.onBegun(response);
      response.on('close', () => {
        this.#begun.delete(response);
        this.#ports.onEnded();
        const wereWaiting = this.#waiting.length > 0;
        this.#beginMore();
        if (wereWaiting && this.#waiting.length === 0) this.#socket.resume();
      });
      begin();
    }
  }

  #mayBegin(): boolean {
    const { begunMax, unreadBytesMax } = this.#ports.limits();
    return this.#begun.size < begunMax && (this.#begun.size === 0 || this.unreadBytes < unreadBytesMax);
  }

  #pause(): void {
    this.#socket.pause();
    // Where the socket is paused already, it says nothing, but may have begun to read all the same.
    this.#socket.emit('pause');
  }

  #cut(): void {
    this.#drop();
    this.#socket.destroy();
  }

  #drop(): void {
    this.#ports.waiting.count -= this.#waiting.length;
    this.#waiting = [];
  }
}
