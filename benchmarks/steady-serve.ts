import { connect, type Sorter, type SorterScan, scanFromLine } from '../client/index.ts';
import { type ServerProcess, serveProcess } from '../test/support/sorter-server.ts';
import type { Scope } from '../test/support/temporary.ts';
import { processorSecondsOf } from './processor-time.ts';
import { linesIn } from './steady-lines.ts';
import type { Subject } from './steady-windows.ts';

interface ServeTask {
  readonly scans: readonly string[];
  readonly registry: string;
  readonly db: string;
  readonly workers: number;
}

/** `indicia serve` in a process of its own, and a stream of this one, which sends the next scan as soon as the server takes it. */
export class ServeSubject implements Subject {
  readonly pid: number;
  readonly #server: ServerProcess;
  readonly #sorter: Sorter;
  readonly #streaming: Promise<void>;
  #answered = 0;
  #atMs = performance.now();
  #problem: string | null = null;
  #isStopped = false;
  #isOver = false;

  private constructor(server: ServerProcess, scans: readonly string[]) {
    this.#server = server;
    this.pid = server.child.pid ?? 0;
    this.#sorter = connect(server.url);
    this.#streaming = this.#stream(scans);
  }

  static async start(scope: Scope, { scans, registry, db, workers }: ServeTask): Promise<ServeSubject> {
    const args = ['--registry', registry, '--db', db, '--no-auth', '--port', '0', '--workers', `${workers}`];
    return new ServeSubject(await serveProcess(scope, args), scans);
  }

  progress() {
    return { pieces: this.#answered, atMs: this.#atMs };
  }

  processorSeconds(): number {
    return processorSecondsOf(this.pid);
  }

  isOver(): boolean {
    if (this.#problem !== null) throw new Error(`the server did not answer a scan: ${this.#problem}`);
    return this.#isOver;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#streaming;
    this.#sorter.close();
    this.#server.child.kill('SIGTERM');
    await this.#server.ended;
  }

  async #stream(files: readonly string[]): Promise<void> {
    for await (const outcome of this.#sorter.stream(this.#scans(files))) {
      if ('code' in outcome) this.#problem ??= outcome.code;
      else this.#answered += 1;
      this.#atMs = performance.now();
    }
    this.#isOver = true;
  }

  async *#scans(files: readonly string[]): AsyncGenerator<SorterScan> {
    for await (const lines of linesIn(files)) {
      for (const line of lines) {
        if (this.#isStopped) return;
        const file = scanFromLine(line);
        if (file !== null) yield file.scan;
      }
    }
  }
}
