import { writeSync } from 'node:fs';
import { setPriority } from 'node:os';
import { answer } from './answer.ts';
import type { QueryOrder } from './order.ts';
import { REPORTS_FD } from './report.ts';

// What runs in a query process; started by name in query-process.ts.

/** Below those who record: what the others leave is for questions. */
const NICENESS = 10;

setPriority(NICENESS);
let text = '';
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  const before = text.length;
  text += chunk;
  if (text.includes('\n', before)) start(JSON.parse(text));
});
// Nobody waits any more. A signal, since the end of a process waits for the statement.
process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C reaches every process of the terminal; whether this one ends is for its parent to say.
process.on('SIGINT', () => {});

async function start(order: QueryOrder): Promise<void> {
  await answer(order, process.stdout, (report) => writeSync(REPORTS_FD, `${JSON.stringify(report)}\n`));
  process.stdout.write('', () => process.exit());
}
