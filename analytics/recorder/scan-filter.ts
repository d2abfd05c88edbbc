import { FNV_PRIME, missing, type TextColumn } from '../../indicium/index.ts';
import { FILTER_SCANS_FIRST, FILTER_SCANS_MAX } from '../limits.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import type { KeyColumns } from './scan-key.ts';

/**
 * Tells keys of scans that are surely new from those that may have been recorded: a Bloom filter in blocks of one cache line
 * half each, as in Parquet. It never answers for a scan: who "may have been" recorded is looked up in the store. So
 * nearly no scan needs a query, whatever the size of the history.
 *
 * Layers double in size; beyond the last every scan may have been recorded, which is slower and never wrong.
 */
export class ScanFilter {
  readonly #layers: Layer[] = [];
  #isFull = false;

  get bytes(): number {
    return this.#layers.reduce((total, layer) => total + layer.words.byteLength, 0);
  }

  /** Notes the key in row `row`; true when it may have been noted before. */
  note(keys: KeyColumns, row: number): boolean {
    const { high, low } = hashAt(keys, row);
    const mayBeKnown = this.#isFull || this.#layers.some((layer) => layer.has(high, low));
    this.#roomyLayer()?.add(high, low);
    return mayBeKnown;
  }

  #roomyLayer(): Layer | undefined {
    const last = this.#layers.at(-1);
    if (last !== undefined && last.scans < last.scansMax) return last;
    const scansMax = last === undefined ? FILTER_SCANS_FIRST : last.scansMax * 2;
    if (scansMax > FILTER_SCANS_MAX) {
      this.#isFull = true;
      return undefined;
    }
    const layer = new Layer(new Uint32Array((scansMax * BITS_PER_SCAN) / 32));
    this.#layers.push(layer);
    return layer;
  }

  save(to: BlockWriter): void {
    to.array(Uint8Array.of(this.#isFull ? 1 : 0));
    to.array(Float64Array.from(this.#layers, ({ scans }) => scans));
    for (const { words } of this.#layers) to.array(words);
  }

  load(from: BlockReader): void {
    this.#isFull = from.bytes()[0] === 1;
    for (const scans of from.doubles()) this.#layers.push(new Layer(from.words(), scans));
  }
}

/** An id sets one bit in each of 8 words: with 32 bits an id, hardly one new id in 100,000 is looked up for nothing. */
const WORDS_PER_BLOCK = 8;
const BITS_PER_SCAN = 32;
/** Odd constants of the split block Bloom filter of Apache Parquet. */
const SALTS = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];

class Layer {
  readonly scansMax: number;
  readonly words: Uint32Array;
  readonly #blocks: number;
  scans: number;

  constructor(words: Uint32Array, scans = 0) {
    this.scansMax = (words.length * 32) / BITS_PER_SCAN;
    this.words = words;
    this.scans = scans;
    this.#blocks = this.words.length / WORDS_PER_BLOCK;
  }

  has(high: number, low: number): boolean {
    const block = Math.floor((high / 2 ** 32) * this.#blocks) * WORDS_PER_BLOCK;
    for (let word = 0; word < WORDS_PER_BLOCK; word++) {
      const bit = 1 << (Math.imul(low, SALTS[word] ?? 1) >>> 27);
      if (((this.words[block + word] ?? missing('words')) & bit) === 0) return false;
    }
    return true;
  }

  add(high: number, low: number): void {
    const block = Math.floor((high / 2 ** 32) * this.#blocks) * WORDS_PER_BLOCK;
    for (let word = 0; word < WORDS_PER_BLOCK; word++) {
      const bit = 1 << (Math.imul(low, SALTS[word] ?? 1) >>> 27);
      this.words[block + word] = (this.words[block + word] ?? missing('words')) | bit;
    }
    this.scans += 1;
  }
}

interface Hash64 {
  high: number;
  low: number;
}

/** Two hashes of the bytes by multiplication, each finished as in MurmurHash3. */
function hashAt({ plant, scanId }: KeyColumns, row: number): Hash64 {
  const hash = { high: 0x811c9dc5, low: 0x9e3779b9 };
  mix(hash, scanId, row);
  // A byte that is in no text, so that what ends the id does not count as the beginning of the plant.
  mixByte(hash, 0xff);
  mix(hash, plant, row);
  return { high: finished(hash.high) >>> 0, low: finished(hash.low) };
}

function mix(hash: Hash64, { offsets, bytes }: TextColumn, row: number): void {
  const end = offsets[row + 1] ?? missing('offsets');
  for (let at = offsets[row] ?? missing('offsets'); at < end; at++) mixByte(hash, bytes[at] ?? missing('bytes'));
}

function mixByte(hash: Hash64, byte: number): void {
  hash.high = Math.imul(hash.high ^ byte, FNV_PRIME);
  const low = Math.imul(hash.low ^ byte, 0x85ebca6b);
  hash.low = (low << 13) | (low >>> 19);
}

function finished(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
