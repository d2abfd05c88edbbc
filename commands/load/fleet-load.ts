import { resolve } from 'node:path';
import { connect } from '../../client/index.ts';
import { FILE_FAULTS, plural, readNamedFile } from '../../indicium/index.ts';
import { TokenFileError } from '../../server/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type Progress, print, printJson, type Terminal } from '../terminal.ts';
import { drive } from './drive.ts';
import { CHUNK_PIECES_MAX, chunksOf, type FleetPlan, openPieces, stepMsOf } from './fleet-pieces.ts';
import { LIBRARY_PIECES_MAX, Library } from './library.ts';
import { loadJson, loadText } from './load-report.ts';
import type { Endpoint } from './senders.ts';

export interface LoadPlan extends FleetPlan {
  /** Address of the server. */
  readonly to: string;
  readonly endpoint: Endpoint;
  readonly batch: number;
  readonly deadlineMs?: number;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/**
 * Drives a server with a fleet. Everything is franked first; the same seed gives the same mailpieces at any rate, as scans
 * of their own each time.
 */
export async function loadServer(
  plan: LoadPlan,
  { rate, total }: { readonly rate: number; readonly total: number },
  terminal: Terminal,
  progress: Progress,
): Promise<ExitCode> {
  const { to, endpoint, batch, tokenFile, deadlineMs, day } = plan;
  const token = tokenFile === undefined ? {} : { token: tokenIn(tokenFile) };
  const folder = resolve(plan.replay ?? plan.out);
  const pieces = await openPieces(plan, `${folder}/`, progress);
  try {
    const franked = Math.min(total, LIBRARY_PIECES_MAX);
    const chunks = chunksOf(pieces, { total: franked, chunkPieces: CHUNK_PIECES_MAX, stepMs: stepMsOf(plan), day });
    const filling = {
      pieces: franked,
      run: terminal.nowMs().toString(36),
      withPlants: tokenFile === undefined,
      folder,
    };
    const library = await Library.fill(chunks, filling);
    progress.done(`${plural(library.pieces, 'piece')} franked ahead`);
    const sorter = connect(to, { ...token, ...(deadlineMs !== undefined && { deadlineMs }) });
    const load = { endpoint, rate, pieces: total, batch };
    const driven = await drive(load, sorter, library);
    sorter.close();
    await (plan.json ? printJson(terminal, loadJson(load, driven)) : print(terminal, loadText(load, driven)));
    return driven.tally.problems > 0 ? EXIT.attention : EXIT.done;
  } finally {
    await pieces.close();
  }
}

function tokenIn(path: string): string {
  const file = readNamedFile(path);
  if (typeof file === 'string') throw new TokenFileError(`${path}: ${FILE_FAULTS[file]}`);
  return file.bytes.toString('utf8').trim();
}
