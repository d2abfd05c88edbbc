import {
  bigintAt,
  bytesOrNullAt,
  isGenuine,
  isReasonCode,
  isValid,
  missing,
  numberAt,
  type ReadingColumns,
  type ReadingOutcome,
  type ReasonCode,
  type RegistryRecords,
  SORTING_PASSES,
  type SortingPass,
  TextCache,
  type Verdict,
} from '../../indicium/index.ts';
import { PLANTS_MAX } from '../limits.ts';
import { mailpieceDigest } from '../sightings/comparable-id.ts';
import { areaAt } from '../sightings/delivery-area.ts';
import { PathRules, type Place } from '../sightings/path-rules.ts';
import { SharedIds } from '../sightings/shared-ids.ts';
import type { Signed } from '../sightings/sighting.ts';
import { WEIGHT_GRAMS_MAX } from '../sightings/sighting-columns.ts';
import { Sightings } from '../sightings/sightings.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import { DEFAULT_POLICY, type Policy } from './default-policy.ts';
import { dispositionFor } from './policy.ts';

/** What the judge needs of a genuine mark; the store gives the same back when the sightings are rebuilt. */
export interface SightedPiece {
  readonly license: number;
  readonly psd: string;
  readonly pieceCount: bigint;
  readonly content: bigint;
  /** Digest of the mailpiece id; 0 where the plant gave none. */
  readonly mailpiece: bigint;
  readonly plant: string | null;
  readonly pass: SortingPass | null;
  readonly scannedAtMs: number | null;
  readonly weightGrams: number | null;
  /** The delivery area that the sorter read: see areaOf. */
  readonly area: number;
}

/** What a mark says of where it is to be deposited and delivered. */
interface SignedFor {
  readonly area: number;
  readonly depositPostcode: string;
}

const NOT_SIGNED_FOR: SignedFor = { area: 0, depositPostcode: '' };

/** Answers for one piece after another, in the order of their source; remembers the sightings. */
export class Judge {
  readonly #rules: PathRules;
  readonly #sightings: Sightings;
  readonly #sharedIds = new SharedIds();
  readonly #sets = new Map<number, Map<string, number>>();
  readonly #plants = new Map<string, number>();
  /** By plant, and by the number of those that were seen. */
  #places: ReadonlyMap<string, Place> = new Map();
  readonly #placesSeen: (Place | undefined)[] = [];
  /** Plants of a town, by its postcode, and by number as they were asked for. */
  #homes: ReadonlyMap<string, RegistryRecords['plants']> = new Map();
  readonly #homePlants = new Map<string, ReadonlySet<number> | null>();
  /** Names of PSDs, plants, outcomes and the like, which come again and again. */
  readonly texts = new TextCache();
  readonly #policy: Policy;

  constructor(policy: Policy = DEFAULT_POLICY) {
    this.#policy = policy;
    this.#rules = new PathRules(policy, (plant) => this.#placesSeen[plant]);
    this.#sightings = new Sightings(this.#rules);
  }

  /** Where the plants are; those that stand there twice, at two places, are nowhere. */
  setPlants(plants: RegistryRecords['plants']): void {
    const places = new Map<string, Place | null>();
    for (const { plant, latitude, longitude } of plants) {
      if (latitude === undefined || longitude === undefined) continue;
      const known = places.get(plant);
      const isSame = known === undefined || (known?.latitude === latitude && known.longitude === longitude);
      places.set(plant, isSame ? { latitude, longitude } : null);
    }
    this.#homes = Map.groupBy(plants, ({ postcode }) => postcode);
    this.#homePlants.clear();
    this.#places = new Map([...places].flatMap(([plant, place]) => (place === null ? [] : [[plant, place] as const])));
    for (const [plant, number] of this.#plants) this.#placesSeen[number] = this.#places.get(plant);
    this.#rules.forgetPlaces();
  }

  /** One row of a batch. */
  judgeRow(readings: ReadingColumns, row: number): Pick<Verdict, 'disposition' | 'reasons'> {
    const signedFor = () => ({
      area: areaAt(readings.destinationPostcode, row),
      depositPostcode: this.texts.textAt(readings.depositPostcode, row),
    });
    const reasons = this.#reasons(this.#outcomeAt(readings, row), () => this.#pieceAt(readings, row), signedFor);
    return this.answer(reasons);
  }

  /** What the policy does for these reasons. */
  answer(reasons: readonly ReasonCode[]): Pick<Verdict, 'disposition' | 'reasons'> {
    return { disposition: dispositionFor(reasons, this.#policy), reasons };
  }

  /** Notes a genuine mark; what it repeats are reasons against it. */
  see(piece: SightedPiece, signedFor: () => SignedFor = () => NOT_SIGNED_FOR): readonly ReasonCode[] {
    const { content, pass, scannedAtMs, weightGrams, area } = piece;
    const isShared = this.#sharedIds.note(piece.mailpiece, content);
    const set = this.#setNumber(piece.license, piece.psd);
    const sighting = {
      ...{ content, pass, area },
      mailpiece: isShared ? 0n : piece.mailpiece,
      plant: this.#plantNumber(piece.plant),
      halfHour: scannedAtMs === null ? 0 : Math.max(0, Math.floor(scannedAtMs / HALF_HOUR_MS)),
      weightGrams: Math.min(Math.max(0, weightGrams ?? 0), WEIGHT_GRAMS_MAX),
    };
    const repetitions = this.#sightings.observe(set, piece.pieceCount, sighting, () => this.#signed(signedFor()));
    // The detectors compare the ids that a shared one is taken for here: it proves nothing before they have looked.
    return isShared && repetitions.includes('copy') ? ['possible-copy'] : repetitions;
  }

  /** Pieces of a register set that were seen before all that is shown: see Sightings. */
  noteSeen(license: number, psd: string, page: bigint, counts: bigint): void {
    this.#sightings.noteSeen(this.#setNumber(license, psd), page, counts);
  }

  #reasons(
    outcome: ReadingOutcome,
    pieceOf: () => SightedPiece | null,
    signedFor: () => SignedFor,
  ): readonly ReasonCode[] {
    // A bad signature must not enter the sightings: anyone could burn the counters of somebody else's PSD.
    const piece = isGenuine(outcome) ? pieceOf() : null;
    if (piece === null) return outcome === 'valid' ? NOTHING : [outcome];
    const repetitions = this.see(piece, signedFor);
    return outcome === 'valid' ? repetitions : [outcome, ...repetitions];
  }

  #outcomeAt(readings: ReadingColumns, row: number): ReadingOutcome {
    const outcome = this.texts.textAt(readings.outcome, row);
    if (outcome === 'valid' || isReasonCode(outcome)) return outcome;
    throw new TypeError(`no outcome of a reading: ${outcome}`);
  }

  #pieceAt(readings: ReadingColumns, row: number): SightedPiece | null {
    if (!isValid(readings.license.valid, row)) return null;
    const pass = isValid(readings.pass.valid, row) ? this.texts.textAt(readings.pass, row) : null;
    return {
      license: numberAt(readings.license, row),
      psd: this.texts.textAt(readings.psd, row),
      pieceCount: bigintAt(readings.pieceCount, row),
      content: bigintAt(readings.contentDigest, row),
      mailpiece: mailpieceDigest(bytesOrNullAt(readings.mailpieceId, row)),
      plant: isValid(readings.plant.valid, row) ? this.texts.textAt(readings.plant, row) : null,
      pass: SORTING_PASSES.find((known) => known === pass) ?? null,
      scannedAtMs: isValid(readings.scannedAtMs.valid, row) ? numberAt(readings.scannedAtMs, row) : null,
      weightGrams: readings.weightGrams.values[row] ?? missing('values'),
      area: areaAt(readings.destination, row),
    };
  }

  #signed({ area, depositPostcode }: SignedFor): Signed {
    let homePlants = this.#homePlants.get(depositPostcode);
    if (homePlants === undefined) {
      const plants = this.#homes.get(depositPostcode);
      homePlants = plants === undefined ? null : new Set(plants.map(({ plant }) => this.#plantNumber(plant)));
      // Anybody may sign for any town that he makes up.
      if (plants !== undefined) this.#homePlants.set(depositPostcode, homePlants);
    }
    return { area, homePlants };
  }

  #setNumber(license: number, psd: string): number {
    let byPsd = this.#sets.get(license);
    if (byPsd === undefined) {
      byPsd = new Map();
      this.#sets.set(license, byPsd);
    }
    let number = byPsd.get(psd);
    if (number === undefined) {
      number = this.#sightings.addSet();
      byPsd.set(psd, number);
    }
    return number;
  }

  #plantNumber(plant: string | null): number {
    if (plant === null) return 0;
    const known = this.#plants.get(plant);
    if (known !== undefined) return known;
    if (this.#plants.size >= PLANTS_MAX) return 0;
    const number = this.#plants.size + 1;
    this.#plants.set(plant, number);
    this.#placesSeen[number] = this.#places.get(plant);
    return number;
  }

  /** What it has seen, for a judge of the same policy that has seen nothing. */
  save(to: BlockWriter): void {
    const sets: [license: number, psd: string][] = [];
    for (const [license, byPsd] of this.#sets) for (const [psd, number] of byPsd) sets[number] = [license, psd];
    to.json({ sets, plants: [...this.#plants.keys()] });
    this.#sharedIds.save(to);
    this.#sightings.save(to);
  }

  load(from: BlockReader): void {
    const { sets, plants } = namesIn(from.json());
    for (const [license, psd] of sets) this.#setNumber(license, psd);
    for (const plant of plants) this.#plantNumber(plant);
    this.#sharedIds.load(from);
    this.#sightings.load(from);
  }
}

const NOTHING: readonly ReasonCode[] = [];

const HALF_HOUR_MS = 1_800_000;

interface SeenNames {
  /** Register sets, by number. */
  readonly sets: readonly (readonly [license: number, psd: string])[];
  /** By number, from 1 on. */
  readonly plants: readonly string[];
}

function namesIn(value: unknown): SeenNames {
  const isNames = typeof value === 'object' && value !== null && 'sets' in value && 'plants' in value;
  if (!isNames || !Array.isArray(value.sets) || !Array.isArray(value.plants)) {
    throw new TypeError('a snapshot without the names of its register sets and plants');
  }
  return { sets: value.sets.map(([license, psd]) => [Number(license), String(psd)]), plants: value.plants.map(String) };
}
