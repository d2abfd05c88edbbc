import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Answer, connect, scanFromLine } from 'indicia/client';

/**
 * A sorter that asks before its divert gate: node examples/sorter.ts URL SCANS, with its token in INDICIA_TOKEN. Prints each
 * piece that does not run on, with the reason, and then the pieces per disposition.
 */

/** How long the piece takes from the camera to the gate. */
const DEADLINE_MS = 2_000;
/** What the gate does where there is no verdict: a person looks at the piece, and nobody is accused. */
const DEFAULT_DISPOSITION: Answer['disposition'] = 'manual';

const [url = 'http://127.0.0.1:8080', file = 'scans.ndjson'] = process.argv.slice(2);
const token = process.env.INDICIA_TOKEN;
const sorter = connect(url, { ...(token === undefined ? {} : { token }), deadlineMs: DEADLINE_MS });
const counts = { accept: 0, divert: 0, manual: 0 };

for await (const line of createInterface({ input: createReadStream(file) })) {
  const read = scanFromLine(line);
  if (read === null) continue;
  const outcome = await sorter.verdict(read.scan);
  // The client tries again by itself, with the same scan id; what is still wrong then is a value with a code.
  const { disposition, reason } =
    'code' in outcome
      ? { disposition: DEFAULT_DISPOSITION, reason: outcome.code }
      : { disposition: outcome.disposition, reason: outcome.reasons.map(({ code }) => code).join(' ') };
  counts[disposition] += 1;
  if (disposition !== 'accept') process.stdout.write(`${read.scan.scanId} ${disposition} ${reason}\n`);
}
process.stdout.write(`${JSON.stringify(counts)}\n`);
sorter.close();
