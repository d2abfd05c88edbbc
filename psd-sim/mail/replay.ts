import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ExpectedError } from '../../indicium/failures/expected-error.ts';
import { parseJson } from '../messages/sealed.ts';

const ScanLine = Compile(Type.Object({ scanId: Type.String(), image: Type.Optional(Type.String()) }));

interface Scan {
  readonly scanId: string;
  readonly image?: string;
}

/**
 * A library of prints: the scans of a simulated day, made once and given out as often as needed. From the second time
 * on each is another scan of the same mailpiece, as on a second machine.
 */
export class Replay {
  readonly #scans: readonly Scan[];
  #next = 0;

  private constructor(scans: readonly Scan[]) {
    this.#scans = scans;
  }

  /** @throws Error when the folder holds no simulated day. */
  static async open(folder: string, imagePrefix: string): Promise<Replay> {
    const text = await readFile(join(folder, 'scans.ndjson'), 'utf8');
    const scans = text.split('\n').flatMap((line) => {
      const value = parseJson(line);
      if (!ScanLine.Check(value)) return [];
      return [value.image === undefined ? { ...value } : { ...value, image: `${imagePrefix}${value.image}` }];
    });
    if (scans.length === 0) throw new ReplayError(`${join(folder, 'scans.ndjson')} holds no scans`);
    return new Replay(scans);
  }

  /** The next lines. */
  take(count: number): string {
    let lines = '';
    for (let taken = 0; taken < count; taken++) {
      const scan = this.#scans[this.#next % this.#scans.length];
      const round = Math.floor(this.#next / this.#scans.length);
      const scanId = round === 0 ? scan?.scanId : `${scan?.scanId}-${round + 1}`;
      lines += `${JSON.stringify({ ...scan, scanId })}\n`;
      this.#next += 1;
    }
    return lines;
  }
}

export class ReplayError extends ExpectedError {
  override readonly name = 'ReplayError';
  override readonly failure = 'replay';
}
