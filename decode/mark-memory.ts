import type { SymbolMap } from './datamatrix/symbol-map.ts';
import { MEMORY_GROUPS_MAX } from './limits.ts';

interface Group {
  readonly size: number;
  /** Codewords that all symbols of the group had; -1 where they differ. */
  readonly known: Int16Array;
  symbols: number;
}

/** With one symbol everything would be common. */
const SYMBOLS_MIN = 2;

/**
 * What the marks read lately had in common, by PSD and license: the key id, the high bytes of counters, the town. The
 * next mark of the same PSD has it too, so that codewords under a smudge can be filled in. It only makes candidates: a
 * signature must confirm them.
 */
export class MarkMemory {
  /** In the order of use, the latest last. */
  readonly #groups = new Map<string, Group>();

  note(name: string, size: number, codewords: Uint8Array): void {
    const key = `${size} ${name}`;
    const group = this.#groups.get(key) ?? { size, known: Int16Array.from(codewords), symbols: 0 };
    for (let at = 0; at < group.known.length; at++) if (group.known[at] !== codewords[at]) group.known[at] = -1;
    group.symbols += 1;
    this.#groups.delete(key);
    this.#groups.set(key, group);
    const oldest = this.#groups.keys().next();
    if (this.#groups.size > MEMORY_GROUPS_MAX && oldest.done === false) this.#groups.delete(oldest.value);
  }

  /** The latest first. */
  knownCodewords({ size }: SymbolMap): Int16Array[] {
    return [...this.#groups.values()]
      .filter((group) => group.size === size && group.symbols >= SYMBOLS_MIN)
      .map(({ known }) => known)
      .reverse();
  }
}
