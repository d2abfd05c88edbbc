import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { QUERY_ERROR_CHARACTERS, QUERY_PROCESS_HEAP_MIB, QUERY_PROCESS_START_MS_MAX } from '../limits.ts';
import type { QueryFormat } from '../output/query-output.ts';
import type { LocatedStore } from '../store/union/open-stores.ts';
import type { QueryLimits, QueryOrder } from './order.ts';
import { type QueryFailureCode, type QueryOutcome, REPORTS_FD, type RowCounts } from './report.ts';
import { readReports } from './reports.ts';
import { confined, type Sandbox } from './sandbox.ts';

interface QueryRequest {
  readonly sql: string;
  readonly format: QueryFormat;
  /** Milliseconds from when the store is open until the last byte was taken. */
  readonly deadlineMs: number;
  /** For a stranger: what it may take, and what holds it. Null for the user's own statement, which is only ended in time. */
  readonly confinement: { readonly limits: QueryLimits; readonly sandbox: Sandbox } | null;
  readonly stopped: AbortSignal;
  readonly onProgress: (counts: RowCounts) => void;
}

/**
 * Asks one statement in a process of its own, which is killed at the deadline: functions of DuckDB run on for minutes when they are
 * interrupted. The answer goes from its standard output to `output` as it comes.
 *
 * @throws when the process cannot be started, or when the output cannot be written.
 */
export async function askApart(store: LocatedStore, request: QueryRequest, output: Writable): Promise<QueryOutcome> {
  const { sql, format, deadlineMs, confinement, stopped, onProgress } = request;
  const folder = await mkdtemp(join(tmpdir(), 'indicia-query-'));
  // Where the reader of the output has gone, the program ends at once.
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const child = start(request, folder);
  const exited = once(child, 'close');
  let killed: QueryFailureCode | null = null;
  const kill = (code: QueryFailureCode) => {
    killed ??= code;
    child.kill('SIGKILL');
  };
  const stop = () => kill('stopped');
  let timer = setTimeout(() => kill('deadline'), QUERY_PROCESS_START_MS_MAX);
  const errors = lastCharacters(child.stderr);
  let isOpened = false;
  const onOpened = () => {
    if (!isOpened) store.onOpened();
    isOpened = true;
  };
  try {
    stopped.addEventListener('abort', stop, { once: true });
    if (stopped.aborted) stop();
    const order: QueryOrder = { files: store.files, sql, format, limits: confinement?.limits ?? null };
    child.stdin?.on('error', () => child.kill('SIGKILL')).write(`${JSON.stringify(order)}\n`);
    const reports = readReports(child.stdio[REPORTS_FD], {
      onOpened: () => {
        onOpened();
        clearTimeout(timer);
        timer = setTimeout(() => kill('deadline'), deadlineMs);
      },
      onProgress,
      onNonsense: () => kill('crashed'),
    });
    const [, said, [exitCode, signal]] = await Promise.all([copy(child.stdout, output), reports, exited]);
    if (!isOpened && killed === null) {
      throw new Error(`the process for queries does not start (exit code ${exitCode}, signal ${signal}): ${errors()}`);
    }
    if (said.outcome !== null && exitCode === 0) return said.outcome;
    const code = killed ?? codeOf(signal, errors());
    return { kind: 'failed', code, message: messageOf(code, request, errors()), ...said.counts };
  } finally {
    clearTimeout(timer);
    stopped.removeEventListener('abort', stop);
    child.kill('SIGKILL');
    await exited;
    onOpened();
    process.off('exit', remove);
    remove();
  }
}

function start({ format, confinement }: QueryRequest, folder: string): ChildProcess {
  const node = [process.execPath, `--max-old-space-size=${QUERY_PROCESS_HEAP_MIB}`, ENTRY];
  const command =
    confinement === null
      ? node
      : confined(node, confinement.sandbox, confinement.limits, FORMATS_WITH_A_FILE.has(format));
  const [program = '', ...args] = command;
  // Nothing else of the environment: it may hold a token.
  const { PATH = '', NODE_COMPILE_CACHE } = process.env;
  const cache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
  return spawn(program, args, { env: { PATH, TMPDIR: folder, ...cache }, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
}

const ENTRY = fileURLToPath(new URL('./entry.ts', import.meta.url));
/** Made in a file, since its end must be known before its beginning is sent. */
const FORMATS_WITH_A_FILE: ReadonlySet<QueryFormat> = new Set(['parquet']);

async function copy(from: Readable | null, to: Writable): Promise<void> {
  if (from === null) throw new TypeError('a process without an output');
  for await (const chunk of from) {
    if (!to.write(chunk)) await once(to, 'drain');
  }
}

function lastCharacters(from: Readable | null): () => string {
  let text = '';
  from?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-QUERY_ERROR_CHARACTERS);
  });
  return () => text;
}

/** Of a process that ended without its last word, and not by us. */
function codeOf(signal: NodeJS.Signals | null, errors: string): QueryFailureCode {
  if (signal === 'SIGXCPU') return 'processor-time';
  return /out of memory|bad_alloc|cannot allocate|allocation failed/i.test(errors) ? 'memory' : 'crashed';
}

function messageOf(code: QueryFailureCode, { deadlineMs }: QueryRequest, errors: string): string {
  if (code === 'deadline') return `no whole answer within ${deadlineMs / 1_000} s`;
  if (code === 'stopped') return 'stopped';
  if (code === 'memory') return 'more memory than the statement may take';
  if (code === 'processor-time') return 'more processor time than the statement may take';
  const said = errors.split('\n').find((line) => line.includes('Error:'));
  return `the process of the statement died: ${said ?? (errors.trim() || 'it said nothing')}`;
}
