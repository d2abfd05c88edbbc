import type { Parsed } from '../indicium/index.ts';
import { GENERAL_LADDER, LADDER, type Rung } from './ladder.ts';
import { MarkMemory } from './mark-memory.ts';
import type { ReadSymbol, SymbolReader } from './symbol-reader.ts';

export interface ReadMark extends ReadSymbol {
  readonly parsed: Parsed;
  /** Which rung of the ladder read it. */
  readonly rung: string;
}

/** What was spent on one rung: tries of error correction, or readings by the general reader. */
export interface Attempt {
  readonly rung: string;
  readonly tries: number;
  readonly ms: number;
}

/** A ladder with the general reader that stands on it, and what it remembers from image to image. */
export interface MarkReader {
  readonly name: string;
  readonly general: SymbolReader;
  readonly ladder: readonly Rung[];
  readonly memory: MarkMemory;
  /** Milliseconds that have been spent, since whenever: a picture gets IMAGE_MS_MAX of them. */
  readonly spentMs: () => number;
}

/** The project's own reader, with a general one for everything that it cannot read. */
export function createMarkReader(general: SymbolReader, spentMs = processorMs): MarkReader {
  return { name: 'indicia', general, ladder: LADDER, memory: new MarkMemory(), spentMs };
}

/** Of the processor, not of the clock: what others do on the machine must not change what is read. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** A general reader alone, for comparison: it may take as long as it likes. */
export function createGeneralReader(general: SymbolReader): MarkReader {
  return { name: general.name, general, ladder: GENERAL_LADDER, memory: new MarkMemory(), spentMs: () => 0 };
}
