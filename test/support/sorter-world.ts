import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SorterScan, scanFromLine } from '../../client/index.ts';
import { simulate } from '../../psd-sim/index.ts';
import { addToken } from '../../server/index.ts';
import { scannedPicture } from './pictures.ts';
import { type ServerProcess, serveProcess } from './sorter-server.ts';
import { type Scope, temporaryFolder } from './temporary.ts';

export const PLANT = '06484';
const DAY = { seed: 7, pieces: 400, psds: 4, licenses: 3, frauds: [], images: 'none' } as const;

export const HOLDERS = ['sorter', 'investigator'] as const;
export type Holder = (typeof HOLDERS)[number];

/** A server with a day of mail that nobody has seen yet, and those who may talk to it. */
export class SorterWorld {
  readonly server: ServerProcess;
  readonly tokens: Readonly<Record<Holder, string>>;
  readonly #honest: SorterScan[];

  private constructor(server: ServerProcess, tokens: SorterWorld['tokens'], honest: SorterScan[]) {
    this.server = server;
    this.tokens = tokens;
    this.#honest = honest;
  }

  static async open(test: Scope): Promise<SorterWorld> {
    const folder = await temporaryFolder(test);
    const { truth } = await simulate({ ...DAY, dayMs: Date.UTC(2026, 10, 20) }, folder);
    const odd = new Set(truth.flatMap((line) => line.scanIds));
    const honest = new Map<string, SorterScan>();
    for (const line of (await readFile(join(folder, 'scans.ndjson'), 'utf8')).split('\n')) {
      const file = scanFromLine(line);
      if (file === null || odd.has(file.scan.scanId)) continue;
      // The server fills in the plant of the token.
      const { plant: _, ...scan } = file.scan;
      honest.set(scan.mailpieceId ?? scan.scanId, scan);
    }
    const tokensFile = join(folder, 'tokens.json');
    const tokenOf = (holder: Holder) => {
      const plant = holder === 'sorter' ? PLANT : null;
      const grant = { name: holder, plant, roles: [holder], expiresAtMs: null, certificate: null };
      return addToken(tokensFile, grant, Date.UTC(2026, 10, 20), randomBytes).token ?? '';
    };
    const tokens = { sorter: tokenOf('sorter'), investigator: tokenOf('investigator') };
    const [registry, db] = [join(folder, 'registry'), join(folder, 'post.duckdb')];
    const args = ['--registry', registry, '--db', db, '--tokens', tokensFile, '--port', '0'];
    const server = await serveProcess(test, args);
    return new SorterWorld(server, tokens, [...honest.values()]);
  }

  /** A mailpiece that was never seen, as its payload. */
  honest(): SorterScan {
    const scan = this.#honest.pop();
    if (scan === undefined) throw new RangeError('all mail of the day was handed out');
    return scan;
  }

  /** The same as a picture of its mark. */
  honestCrop(): SorterScan {
    const { payload, ...scan } = this.honest();
    return { ...scan, image: scannedPicture(payload ?? Buffer.alloc(0), 'crop', scan.scanId).bytes };
  }

  /** One whose signature fits no longer. */
  forged(): SorterScan {
    const scan = this.honest();
    const payload = Buffer.from(scan.payload ?? []);
    payload[payload.length - 1] = (payload.at(-1) ?? 0) ^ 1;
    return { ...scan, payload };
  }
}
