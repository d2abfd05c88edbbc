import { createReadStream } from 'node:fs';
import { readLines } from '../scans/index.ts';

/** Some 600 lines. */
const READ_BYTES = 256 * 1024;

/** Lines of files, one file after another, as many together as a read gives. */
export async function* linesIn(files: readonly string[]): AsyncGenerator<string[]> {
  for (const file of files) {
    for await (const lines of readLines(createReadStream(file, { highWaterMark: READ_BYTES }))) {
      yield lines.flatMap(({ bytes }) => (bytes === null || bytes.length === 0 ? [] : `${bytes}`));
    }
  }
}
