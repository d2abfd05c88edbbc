import { statfs } from 'node:fs/promises';
import { ProblemError } from '../../api/index.ts';
import { BUSY_RETRY_SECONDS, EXPORT_FREE_BYTES_MIN, EXPORTS_MAX, EXPORTS_PER_CLIENT_MAX } from '../limits.ts';

/** The views that are being exported or sent: each takes its size on disk until the last byte of it has been read. */
export class Exports {
  readonly #clients = new Map<string, number>();
  #count = 0;

  /**
   * Takes a place of a client, and gives what gives it back.
   *
   * @throws ProblemError when there is none.
   */
  enter(client: string): () => void {
    const own = this.#clients.get(client) ?? 0;
    const tooMany = this.#count >= EXPORTS_MAX ? EXPORTS_MAX : own >= EXPORTS_PER_CLIENT_MAX ? own : null;
    if (tooMany !== null) throw busy(`${tooMany} views are being sent already`);
    this.#count += 1;
    this.#clients.set(client, own + 1);
    return () => this.#leave(client);
  }

  #leave(client: string): void {
    this.#count -= 1;
    const left = (this.#clients.get(client) ?? 0) - 1;
    if (left > 0) this.#clients.set(client, left);
    else this.#clients.delete(client);
  }
}

/** @throws ProblemError where a disk is so full that an export could take what the store needs. */
export async function refuseOnFullDisk(folder: string, freeBytesMin = EXPORT_FREE_BYTES_MIN): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < freeBytesMin) throw busy(`less than ${freeBytesMin} bytes are free in ${folder}`);
}

function busy(detail: string): ProblemError {
  return new ProblemError('too-busy', detail, undefined, BUSY_RETRY_SECONDS);
}
