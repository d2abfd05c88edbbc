import { missing } from '../../indicium/index.ts';
import { IDS_REMEMBERED, MARKS_PER_ID_MAX } from '../limits.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';

/**
 * Which mailpiece ids stand on many marks: a word that a machine writes where it read none, or the invention of a thief. Ids of
 * late are remembered, each in the one place that its digest gives it; another id that comes there takes it.
 */
export class SharedIds {
  readonly #ids = new BigUint64Array(IDS_REMEMBERED);
  readonly #contents = new BigUint64Array(IDS_REMEMBERED);
  readonly #marks = new Uint8Array(IDS_REMEMBERED);

  /** Notes on what mark an id was; whether it was on more of them than an id can be. Digests, 0 for no id. */
  note(id: bigint, content: bigint): boolean {
    if (id === 0n) return false;
    const at = Number(id & BigInt(IDS_REMEMBERED - 1));
    if (this.#ids[at] !== id) {
      this.#ids[at] = id;
      this.#contents[at] = content;
      this.#marks[at] = 1;
      return false;
    }
    if (this.#contents[at] !== content) {
      this.#contents[at] = content;
      this.#marks[at] = Math.min((this.#marks[at] ?? missing('marks')) + 1, MARKS_PER_ID_MAX + 1);
    }
    return (this.#marks[at] ?? missing('marks')) > MARKS_PER_ID_MAX;
  }

  save(to: BlockWriter): void {
    for (const column of [this.#ids, this.#contents, this.#marks]) to.array(column);
  }

  load(from: BlockReader): void {
    this.#ids.set(from.longs());
    this.#contents.set(from.longs());
    this.#marks.set(from.bytes());
  }
}
