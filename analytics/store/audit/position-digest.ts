import { createHash, hash } from 'node:crypto';
import { missing } from '../../../indicium/index.ts';

/**
 * LtHash (Bellare and Micciancio 1997, with the 1,024 lanes of 16 bits of Lewi, Kim, Maykov and Weis 2019): a digest of a set
 * that can be brought up to date by what was added and taken away. Each member is stretched to 2 KiB by SHAKE256; the
 * lanes are added up. A transaction that moves a source costs two of these, some 70 µs on a busy machine, however many
 * sources there are.
 */
const LANES = 1_024;

export class PositionDigest {
  readonly #lanes = new Uint16Array(LANES);

  static of(positions: ReadonlyMap<string, string>): PositionDigest {
    const digest = new PositionDigest();
    for (const [source, position] of positions) digest.#add(source, position);
    return digest;
  }

  copy(): PositionDigest {
    const copy = new PositionDigest();
    copy.#lanes.set(this.#lanes);
    return copy;
  }

  /** `before` is null for a source that begins. */
  move(source: string, before: string | null, position: string): void {
    if (before !== null) this.#take(source, before);
    this.#add(source, position);
  }

  /** SHA-256 over the lanes. */
  bytes(): Buffer {
    return hash('sha256', this.#lanes, 'buffer');
  }

  #add(source: string, position: string): void {
    const added = lanesOf(source, position);
    for (let lane = 0; lane < LANES; lane++)
      this.#lanes[lane] = (this.#lanes[lane] ?? missing('lanes')) + (added[lane] ?? missing('added'));
  }

  #take(source: string, position: string): void {
    const taken = lanesOf(source, position);
    for (let lane = 0; lane < LANES; lane++)
      this.#lanes[lane] = (this.#lanes[lane] ?? missing('lanes')) - (taken[lane] ?? missing('taken'));
  }
}

/** The length of the source stands before it, so that no other pair is the same bytes. */
function lanesOf(source: string, position: string): Uint16Array {
  const name = Buffer.from(source);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  const bytes = createHash('shake256', { outputLength: 2 * LANES })
    .update(length)
    .update(name)
    .update(position)
    .digest();
  return new Uint16Array(Uint8Array.from(bytes).buffer);
}
