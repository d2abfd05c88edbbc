import { QUERY_REPORT_CHARACTERS_MAX } from '../limits.ts';
import { type QueryOutcome, type QueryReport, type RowCounts, reportOf } from './report.ts';

interface ReportEvents {
  readonly onOpened: () => void;
  readonly onProgress: (counts: RowCounts) => void;
  /** What came is not a report. */
  readonly onNonsense: () => void;
}

/** What a process said until it ended. */
interface Said {
  /** Its last word; null where it had none. */
  readonly outcome: QueryOutcome | null;
  readonly counts: RowCounts;
}

/** Reads the reports of a query process to their end; what is no report, or goes on after the last word, is nonsense. */
export async function readReports(from: unknown, events: ReportEvents): Promise<Said> {
  let outcome: QueryOutcome | null = null;
  let counts: RowCounts = { rows: 0, rowsSeen: 0 };
  for await (const line of linesOf(from)) {
    const report: QueryReport | null = outcome === null && line !== null ? reportOf(line) : null;
    if (report === null) {
      events.onNonsense();
      return { outcome: null, counts };
    }
    if (report.kind === 'opened') events.onOpened();
    if (report.kind === 'progress' || report.kind === 'answered') counts = countsOf(report);
    if (report.kind === 'progress') events.onProgress(counts);
    if (report.kind === 'answered') outcome = report;
    if (report.kind === 'failed') outcome = { ...report, ...counts };
  }
  return { outcome, counts };
}

function countsOf({ rows, rowsSeen }: Extract<QueryReport, RowCounts>): RowCounts {
  return { rows, rowsSeen };
}

/** Lines of a pipe; null for one that does not end. */
async function* linesOf(from: unknown): AsyncGenerator<string | null> {
  if (!isReadable(from)) throw new TypeError('a process without reports');
  let rest = '';
  for await (const chunk of from) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > QUERY_REPORT_CHARACTERS_MAX) yield null;
  }
}

function isReadable(stream: unknown): stream is AsyncIterable<unknown> {
  return typeof stream === 'object' && stream !== null && Symbol.asyncIterator in stream;
}
