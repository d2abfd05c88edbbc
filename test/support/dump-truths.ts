import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonLines } from './command-line.ts';

/** Public dumps of marks of real posts: NAME.bin is the payload, NAME.png a drawn symbol with it. */
export const DUMPS = fileURLToPath(new URL('../cases/marks', import.meta.url));

export interface DumpTruth {
  readonly dump: string;
  /** What the dump is known to hold, by those who published it. */
  readonly fields: Readonly<Record<string, string | number>>;
}

export const DUMP_TRUTHS: readonly DumpTruth[] = jsonLines(readFileSync(`${DUMPS}/truth.ndjson`, 'utf8'));

export function dumpBytes(name: string): Buffer {
  return readFileSync(`${DUMPS}/${name}.bin`);
}
