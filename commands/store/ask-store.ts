import type { Writable } from 'node:stream';
import {
  askApart,
  missingFrom,
  probeSandbox,
  type QueryFormat,
  type QueryOutcome,
  type RowCounts,
  STRANGERS_ANSWER_BYTES_MAX,
  writeResult,
} from '../../analytics/index.ts';
import { type Terminal, warn } from '../terminal.ts';
import { locateNamedStores, openNamedStoresForQueries } from './named-stores.ts';

interface Question {
  readonly db: readonly string[];
  readonly sql: string;
  readonly format: QueryFormat;
  readonly stopped: AbortSignal;
  readonly onProgress: (counts: RowCounts) => void;
}

const PROGRESS_MS = 250;

/** Asks the user's own statement in this process. @throws QueryError, StoreError */
export async function askHere(question: Question, output: Writable): Promise<QueryOutcome> {
  const { db, sql, format, stopped, onProgress } = question;
  const store = await openNamedStoresForQueries(db);
  const interrupt = () => store.interrupt();
  stopped.addEventListener('abort', interrupt, { once: true });
  let counts: RowCounts = { rows: 0, rowsSeen: 0 };
  const progress = setInterval(() => onProgress(counts), PROGRESS_MS);
  try {
    const result = await store.query(sql);
    counts = result;
    const rows = await writeResult(result, format, output, { stopped });
    return { kind: 'answered', rows, rowsSeen: rows };
  } catch (error) {
    if (!stopped.aborted) throw error;
    return { kind: 'failed', code: 'stopped', message: 'stopped', rows: counts.rows, rowsSeen: counts.rowsSeen };
  } finally {
    clearInterval(progress);
    stopped.removeEventListener('abort', interrupt);
    store.close();
  }
}

/** The same in a process of its own, which is killed at the deadline. */
export async function askInTime(question: Question, deadlineS: number, output: Writable): Promise<QueryOutcome> {
  const store = await locateNamedStores(question.db);
  try {
    return await askApart(store, { ...question, deadlineMs: deadlineS * 1_000, confinement: null }, output);
  } finally {
    store.onClosed();
  }
}

/** What a stranger's statement may take, as flags say it. */
export interface SafeFlags {
  readonly deadline: number;
  readonly memory: number;
  readonly rowsMax: number;
}

/** Asks a stranger's statement, in a process that has the views and nothing else; says on stderr what the system cannot hold. */
export async function askSafely(
  question: Question,
  { deadline, memory, rowsMax }: SafeFlags,
  terminal: Terminal,
  output: Writable,
): Promise<QueryOutcome> {
  const sandbox = await probeSandbox();
  for (const sentence of missingFrom(sandbox)) warn(terminal, `indicia: ${sentence}`);
  const store = await locateNamedStores(question.db);
  const deadlineMs = deadline * 1_000;
  const limits = { deadlineMs, memoryMib: memory, rowsMax, bytesMax: STRANGERS_ANSWER_BYTES_MAX };
  try {
    return await askApart(store, { ...question, deadlineMs, confinement: { limits, sandbox } }, output);
  } finally {
    store.onClosed();
  }
}
