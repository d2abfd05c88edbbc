import { missing } from '../../indicium/index.ts';
import { PATH_SIGHTINGS_KEPT_MAX } from '../limits.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import type { Kept } from './path.ts';
import type { Sighting } from './sighting.ts';
import { SightingColumns } from './sighting-columns.ts';

const FIRST_LENGTH = 1_024;
const NOBODY = 2 ** 32 - 1;

/**
 * Later sightings of mailpieces whose path is that of one piece, all of one mark and one mailpiece id. They stand in a ring,
 * those of a piece linked from the newest to the oldest, so that the oldest sightings of all are overwritten, at no cost and
 * without a trace: a link that leads to before the ring does not count.
 *
 * Keys are below 2^32 − 1 and dense, so the last bits of one are its bucket; other keys of a bucket are also in its
 * list.
 */
export class PathRing {
  readonly #lengthMax: number;
  #length = FIRST_LENGTH;
  #seen = new SightingColumns(FIRST_LENGTH);
  #key = new Uint32Array(FIRST_LENGTH);
  #times = new Uint32Array(FIRST_LENGTH);
  /** Number of the sighting before it in its bucket, counted from 1 since the beginning; 0 for none. Beyond 2^32 in time. */
  #before = new Float64Array(FIRST_LENGTH);
  #newest = new Float64Array(FIRST_LENGTH);
  #made = 0;

  /** `lengthMax` is a power of two. */
  constructor(lengthMax = PATH_SIGHTINGS_KEPT_MAX) {
    this.#lengthMax = lengthMax;
  }

  /** The path of a piece as far as it is remembered: its first sighting, then later ones as they came. */
  pathOf(key: number, first: Sighting): Kept[] {
    const later: Kept[] = [];
    for (let number = this.#firstOf(key); this.#isKept(number); number = this.#nextOf(number)) {
      const at = this.#placeOf(number);
      if (this.#key[at] !== key) continue;
      later.push({
        sighting: this.#seen.get(at, first.content, first.mailpiece),
        times: this.#times[at] ?? missing('times'),
      });
    }
    later.push({ sighting: first, times: 1 });
    return later.reverse();
  }

  /** Keeps a further sighting of a piece, or that it was made once more. */
  note(key: number, sighting: Sighting): void {
    for (let number = this.#firstOf(key); this.#isKept(number); number = this.#nextOf(number)) {
      const at = this.#placeOf(number);
      if (this.#key[at] !== key || !this.#seen.isSame(at, sighting)) continue;
      this.#times[at] = (this.#times[at] ?? missing('times')) + 1;
      return;
    }
    if (this.#made === this.#length && this.#length < this.#lengthMax) this.#grow();
    this.#made += 1;
    const at = this.#placeOf(this.#made);
    this.#key[at] = key;
    this.#seen.set(at, sighting);
    this.#times[at] = 1;
    this.#link(this.#made, key);
  }

  forget(key: number): void {
    for (let number = this.#firstOf(key); this.#isKept(number); number = this.#nextOf(number)) {
      const at = this.#placeOf(number);
      if (this.#key[at] === key) this.#key[at] = NOBODY;
    }
  }

  #link(number: number, key: number): void {
    const bucket = key & (this.#length - 1);
    this.#before[this.#placeOf(number)] = this.#newest[bucket] ?? missing('newest');
    this.#newest[bucket] = number;
  }

  #firstOf(key: number): number {
    return this.#newest[key & (this.#length - 1)] ?? missing('newest');
  }

  #nextOf(number: number): number {
    return this.#before[this.#placeOf(number)] ?? missing('before');
  }

  #isKept(number: number): boolean {
    return number > 0 && number > this.#made - this.#length;
  }

  #placeOf(number: number): number {
    return (number - 1) % this.#length;
  }

  /** Before anything was overwritten: each sighting keeps its place, and the buckets are told anew. */
  #grow(): void {
    this.#length *= 2;
    const [seen, key, times] = [this.#seen, this.#key, this.#times];
    this.#seen = new SightingColumns(this.#length);
    this.#seen.copy(seen);
    this.#key = new Uint32Array(this.#length);
    this.#key.set(key);
    this.#times = new Uint32Array(this.#length);
    this.#times.set(times);
    this.#before = new Float64Array(this.#length);
    this.#newest = new Float64Array(this.#length);
    for (let number = 1; number <= this.#made; number++) this.#link(number, this.#key[number - 1] ?? NOBODY);
  }

  save(to: BlockWriter): void {
    to.array(Float64Array.of(this.#made));
    to.array(this.#key);
    this.#seen.save(to);
    for (const column of [this.#times, this.#before, this.#newest]) to.array(column);
  }

  load(from: BlockReader): void {
    this.#made = from.double();
    this.#key = from.words();
    this.#length = this.#key.length;
    this.#seen = new SightingColumns(this.#length);
    this.#seen.load(from);
    this.#times = from.words();
    this.#before = from.doubles();
    this.#newest = from.doubles();
  }
}
