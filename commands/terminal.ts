import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { printable, printableLines } from '../indicium/index.ts';

/** Where a command reads and writes; handed in, so that tests can listen. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether a person watches stderr: progress is drawn only then. */
  readonly isWatched: boolean;
  /** Milliseconds since 1970: the clock that decides whether a trust list has expired. */
  readonly nowMs: () => number;
}

/**
 * Results, for people or machines. Waits when the reader is slower than we are. Nothing that a mark, a file or an
 * upstream put into the text controls a terminal; text from outside that could forge a line goes through `printable`
 * before.
 */
export async function print(terminal: Terminal, text: string): Promise<void> {
  if (!terminal.stdout.write(printableLines(text))) await once(terminal.stdout, 'drain');
}

/** The escapes of `print` are those of JSON, so that it parses to the same value. */
export function printJson(terminal: Terminal, value: unknown): Promise<void> {
  return print(terminal, `${JSON.stringify(value)}\n`);
}

export function warn(terminal: Terminal, text: string): void {
  terminal.stderr.write(printableLines(`${text}\n`));
}

/** One line on stderr that is drawn over and over while somebody watches, and stays when it is done. */
export class Progress {
  readonly #terminal: Terminal;
  #width = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(text: string): void {
    if (!this.#terminal.isWatched) return;
    const shown = printable(text);
    this.#terminal.stderr.write(`\r${shown.padEnd(this.#width)}`);
    this.#width = shown.length;
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#width > 0) this.#terminal.stderr.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }

  done(text: string): void {
    const shown = printable(text);
    if (this.#terminal.isWatched) this.#terminal.stderr.write(`\r${shown.padEnd(this.#width)}\n`);
    else this.#terminal.stderr.write(`${shown}\n`);
    this.#width = 0;
  }
}

/** `12,345` in any locale. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A rate without more digits than it can be trusted to have. */
export function rate(items: number, ms: number, unit: string): string {
  if (items === 0 || ms <= 0) return `– ${unit}`;
  return `${count(Number(((items * 1000) / ms).toPrecision(3)))} ${unit}`;
}
