import type { Writable } from 'node:stream';
import { QUERY_PROGRESS_MS } from '../limits.ts';
import { writeResult } from '../output/query-output.ts';
import { ownSettings, QueriedStore, strangersSettings } from '../store/queries/queried-store.ts';
import { QueryError, type QueryResult } from '../store/queries/query.ts';
import type { QueryOrder } from './order.ts';
import type { QueryReport } from './report.ts';

/** The inside of a query process: opens the store, looks at the statement, asks it, and says how it went. */
export async function answer(
  { files, sql, format, limits }: QueryOrder,
  output: Writable,
  report: (report: QueryReport) => void,
): Promise<void> {
  const settings = limits === null ? ownSettings(files.path) : strangersSettings(limits.memoryMib);
  const store = await QueriedStore.open(files, settings, () => {});
  report({ kind: 'opened' });
  const refusal = limits === null ? null : await store.refuseStatement(sql);
  if (refusal !== null) {
    report({ kind: 'failed', ...refusal });
    return;
  }
  let result: QueryResult | null = null;
  const progress = setInterval(() => {
    if (result !== null) report({ kind: 'progress', rows: result.rows, rowsSeen: result.rowsSeen });
  }, QUERY_PROGRESS_MS);
  try {
    result = await store.query(sql, limits?.rowsMax);
    const options = limits === null ? {} : { memory: `${limits.memoryMib}MiB`, bytesMax: limits.bytesMax };
    const rows = await writeResult(result, format, output, options);
    report({ kind: 'answered', rows, rowsSeen: await result.countAll() });
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const isMemory = error.message.startsWith('Out of Memory Error');
    // What DuckDB advises there are settings, which are not the asker's.
    const [message = ''] = isMemory ? error.message.split('\n') : [error.message];
    report({ kind: 'failed', code: isMemory ? 'memory' : 'query', message });
  } finally {
    clearInterval(progress);
  }
}
