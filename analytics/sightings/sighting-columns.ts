import { missing, SORTING_PASSES } from '../../indicium/index.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import type { Sighting } from './sighting.ts';

/** Mail that is heavier goes in parcels; 65 kg are told from no more. */
export const WEIGHT_GRAMS_MAX = 2 ** 16 - 1;

/** Of a sighting: the arrays of SightingColumns. */
export const BYTES_A_SIGHTING = 15;

/** Sightings in flat arrays, but for the digests, which many of them share. */
export class SightingColumns {
  readonly plant: Uint32Array;
  readonly halfHour: Uint32Array;
  readonly area: Uint32Array;
  /** Up to WEIGHT_GRAMS_MAX. */
  readonly weightGrams: Uint16Array;
  /** 0: nothing seen; 1: seen, pass unknown; 2 and up: seen in SORTING_PASSES[value − 2]. */
  readonly state: Uint8Array;

  constructor(length: number) {
    this.plant = new Uint32Array(length);
    this.halfHour = new Uint32Array(length);
    this.area = new Uint32Array(length);
    this.weightGrams = new Uint16Array(length);
    this.state = new Uint8Array(length);
  }

  has(at: number): boolean {
    return this.state[at] !== 0;
  }

  /** The sighting at a place that has one. */
  get(at: number, content: bigint, mailpiece: bigint): Sighting {
    return {
      content,
      mailpiece,
      plant: this.plant[at] ?? missing('plant'),
      pass: SORTING_PASSES[(this.state[at] ?? missing('state')) - 2] ?? null,
      halfHour: this.halfHour[at] ?? missing('halfHour'),
      weightGrams: this.weightGrams[at] ?? missing('weightGrams'),
      area: this.area[at] ?? missing('area'),
    };
  }

  set(at: number, { plant, halfHour, area, weightGrams, pass }: Sighting): void {
    this.plant[at] = plant;
    this.halfHour[at] = halfHour;
    this.area[at] = area;
    this.weightGrams[at] = weightGrams;
    this.state[at] = stateOf(pass);
  }

  isSame(at: number, { plant, halfHour, area, weightGrams, pass }: Sighting): boolean {
    return (
      this.plant[at] === plant &&
      this.halfHour[at] === halfHour &&
      this.area[at] === area &&
      this.weightGrams[at] === weightGrams &&
      this.state[at] === stateOf(pass)
    );
  }

  /** Takes over what was seen at the first places of a shorter list. */
  copy(shorter: SightingColumns): void {
    this.plant.set(shorter.plant);
    this.halfHour.set(shorter.halfHour);
    this.area.set(shorter.area);
    this.weightGrams.set(shorter.weightGrams);
    this.state.set(shorter.state);
  }

  clear(from: number, to: number): void {
    this.state.fill(0, from, to);
  }

  save(to: BlockWriter): void {
    for (const column of [this.plant, this.halfHour, this.area, this.weightGrams, this.state]) to.array(column);
  }

  load(from: BlockReader): void {
    this.plant.set(from.words());
    this.halfHour.set(from.words());
    this.area.set(from.words());
    this.weightGrams.set(from.halves());
    this.state.set(from.bytes());
  }
}

function stateOf(pass: Sighting['pass']): number {
  return pass === null ? 1 : SORTING_PASSES.indexOf(pass) + 2;
}
