import { printable } from '../indicium/index.ts';

/** Of each line, and shown in its own way or not at all. */
const SHOWN_APART = new Set(['level', 'time', 'msg', 'err']);

/**
 * A line of the log for people: `indicia: could not look for fraud: no space left on device findings=3`. The level and the
 * time are left to whatever collects the log.
 */
export function lineForPeople(line: string): string {
  const entry: Readonly<Record<string, unknown>> = JSON.parse(line);
  const sentence = [entry.msg, messageOf(entry.err)].filter((part) => typeof part === 'string');
  const fields = Object.entries(entry)
    .filter(([name]) => !SHOWN_APART.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? printable(value) : JSON.stringify(value)}`);
  return `indicia: ${sentence.join(': ')}${fields.join('')}`;
}

/** The stack begins with the message. */
function messageOf(err: unknown): unknown {
  if (typeof err !== 'object' || err === null) return undefined;
  return 'stack' in err ? err.stack : 'message' in err ? err.message : undefined;
}
