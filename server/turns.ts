import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface TurnLimits {
  /** Requests that are worked on, or whose answers wait to be read. */
  readonly begunMax: number;
  /** Bytes of answers that wait to be read, beyond which no other request is begun. */
  readonly unreadBytesMax: number;
  /** Bytes that are parsed at once: requests in them that are not begun wait, and nothing behind them is parsed. */
  readonly parsedBytesMax: number;
}

/** The requests that wait on all connections together. */
export interface Waiting {
  count: number;
  readonly countMax: number;
}

interface TurnPorts {
  /** As they are by now: a client that has shown a token may have more. */
  readonly limits: () => TurnLimits;
  readonly waiting: Waiting;
  readonly rounds: Rounds;
  readonly onBegun: (response: ServerResponse) => void;
  readonly onEnded: () => void;
}

/**
 * What goes on with requests that waited, of all connections: some of them in each round of the event loop. Answers that are
 * there at once would follow each other otherwise without anything else being done, 90 connections of them for 18 s.
 */
export class Rounds {
  readonly #perRound: number;
  #due: (() => void)[] = [];

  constructor(perRound: number) {
    this.#perRound = perRound;
  }

  add(work: () => void): void {
    this.#due.push(work);
    if (this.#due.length === 1) setImmediate(() => this.#run());
  }

  #run(): void {
    for (const work of this.#due.slice(0, this.#perRound)) work();
    this.#due = this.#due.slice(this.#perRound);
    if (this.#due.length > 0) setImmediate(() => this.#run());
  }
}

interface Exchange {
  readonly response: ServerResponse;
  readonly begin: () => void;
}

const NOTHING = Buffer.alloc(0);
/** Milliseconds between two reads of what is let go, 64 kB each: 6 MB/s. */
const DROP_PAUSE_MS = 10;

/**
 * The requests of one connection, in their order. Node parses and starts all that are in the 64 kB that it reads at once, 2,500
 * of the smallest, whether or not answers are read: here the bytes come to its parser bit by bit, a few requests are begun, and
 * while others wait, nothing more is parsed or read.
 */
export class Turns {
  readonly #socket: Socket;
  readonly #ports: TurnPorts;
  readonly #begun = new Set<ServerResponse>();
  #waiting: Exchange[] = [];
  readonly #parse: (bytes: Buffer) => void;
  #unparsed: Buffer = NOTHING;
  /** Where nothing more is parsed: who is told of bytes that came and were let go. */
  #onDropped: ((bytes: number) => void) | null = null;

  /** Of a connection whose server has begun to listen to it and has read nothing yet. */
  constructor(socket: Socket, ports: TurnPorts) {
    this.#socket = socket;
    this.#ports = ports;
    const parsers = socket.listeners('data');
    socket.removeAllListeners('data');
    this.#parse = (bytes) => {
      for (const parser of parsers) Reflect.apply(parser, socket, [bytes]);
    };
    socket.on('data', (bytes: Buffer) => {
      if (this.#onDropped !== null) return this.#dropped(bytes.length);
      this.#unparsed = this.#unparsed.length === 0 ? bytes : Buffer.concat([this.#unparsed, bytes]);
      this.#parseOn();
    });
    // Node reads on behind each answer, even if it was paused before.
    socket.on('resume', () => {
      if (this.#waiting.length > 0) socket.pause();
      else this.#parseOn();
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

  /** Begins a request when it is its turn. Cuts the connection where more wait on all connections than may. */
  take(response: ServerResponse, begin: () => void): void {
    this.#waiting.push({ response, begin });
    const { waiting } = this.#ports;
    waiting.count += 1;
    this.#beginMore();
    if (waiting.count > waiting.countMax) this.#cut();
    else if (this.#waiting.length > 0) this.#socket.pause();
  }

  /** From here on what comes is read and let go, and the parser sees none of it. */
  dropRest(onDropped: (bytes: number) => void): void {
    const bytes = this.#unparsed.length;
    this.#drop();
    this.#onDropped = onDropped;
    this.#dropped(bytes);
  }

  /** What nobody wants is not read as fast as it can come: 160 MB/s of it kept the collector of garbage busy. */
  #dropped(bytes: number): void {
    this.#onDropped?.(bytes);
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), DROP_PAUSE_MS).unref();
  }

  #parseOn(): void {
    while (this.#unparsed.length > 0 && this.#mayParse()) {
      const bytes = this.#unparsed.subarray(0, this.#ports.limits().parsedBytesMax);
      this.#unparsed = this.#unparsed.subarray(bytes.length);
      this.#parse(bytes);
    }
  }

  /**
   * The reader of a body, or the parser where much is to be written, pauses the socket; Node resumes it behind each
   * request.
   */
  #mayParse(): boolean {
    return this.#waiting.length === 0 && !this.#socket.isPaused() && !this.#socket.destroyed;
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
        if (this.#waiting.length > 0) this.#ports.rounds.add(() => this.#goOn());
      });
      begin();
    }
  }

  #goOn(): void {
    if (this.#waiting.length === 0) return;
    this.#beginMore();
    if (this.#waiting.length === 0) this.#socket.resume();
  }

  #mayBegin(): boolean {
    const { begunMax, unreadBytesMax } = this.#ports.limits();
    return this.#begun.size < begunMax && (this.#begun.size === 0 || this.unreadBytes < unreadBytesMax);
  }

  #cut(): void {
    this.#drop();
    this.#socket.destroy();
  }

  #drop(): void {
    this.#ports.waiting.count -= this.#waiting.length;
    this.#waiting = [];
    this.#unparsed = NOTHING;
  }
}
