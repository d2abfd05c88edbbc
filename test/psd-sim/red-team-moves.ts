import fc from 'fast-check';
import {
  at,
  DAY_MS,
  fieldOf,
  HONEST_LETTERS,
  HOUR_MS,
  type Letter,
  PLANTS,
  type Plant,
  rewritten,
  type Sighting,
  TOKEN_PLANT,
  thiefsKeyId,
} from './red-team-world.ts';

/**
 * What a thief can do: mail letters, send records with a plant's token, and use his own PSD. `letter` counts over the
 * honest letters and then those that he made. On a letter of his own, a move changes it; on an honest one, it is a false
 * record of it from the plant whose token he has.
 */
export type Move =
  | { readonly move: 'copy'; readonly letter: number; readonly plant: Plant; readonly minutesLater: number }
  | { readonly move: 're-tag'; readonly letter: number; readonly tag: Tag; readonly of: number }
  | { readonly move: 'move'; readonly letter: number; readonly plant: Plant; readonly minutesLater: number }
  | { readonly move: 'reweigh'; readonly letter: number; readonly grams: number }
  | { readonly move: 'redate'; readonly letter: number; readonly what: 'mark' | 'scan'; readonly hours: number }
  | { readonly move: 'forge'; readonly letter: number; readonly how: Forgery }
  | { readonly move: 'replay'; readonly letter: number; readonly daysLater: number }
  | { readonly move: 'omit'; readonly letter: number; readonly what: Omission };

export const TAGS = ['of another', 'of another, lower case', 'placeholder', 'new'] as const;
export type Tag = (typeof TAGS)[number];
export const FORGERIES = ['stray key', 'own key', 'made up', 'own registers'] as const;
export type Forgery = (typeof FORGERIES)[number];
export const OMISSIONS = ['descending register', 'id', 'destination', 'weight', 'time', 'sighting'] as const;
export type Omission = (typeof OMISSIONS)[number];

export const BUDGET = 8;
/** Signing and a token are harder to come by than a photocopier. */
export const COST: Record<Move['move'], number> = {
  copy: 1,
  're-tag': 1,
  move: 1,
  reweigh: 1,
  omit: 1,
  replay: 1,
  redate: 2,
  forge: 2,
};
/** Counters far from those in use. */
const COUNT_AHEAD = 100_000;
const MADE_UP = 900_000_000;
const MADE_UP_KEY = 2 ** 40;
export const PLACEHOLDER = 'NOREAD';

/** The first moves that the budget pays for. */
export function affordable(moves: readonly Move[], budget = BUDGET): Move[] {
  let left = budget;
  return moves.filter(({ move }) => {
    left -= COST[move];
    return left >= 0;
  });
}

/** The letters as they are after the moves, one after another. */
export function play(moves: readonly Move[]): Letter[] {
  const letters = [...HONEST_LETTERS];
  for (const [number, move] of moves.entries()) {
    const index = move.letter % letters.length;
    const letter = letters[index];
    if (letter === undefined) throw new RangeError('a post without letters');
    if (move.move === 'copy') letters.push(copied(letter, move, number));
    else if (move.move === 'forge') letters.push(forged(letter, move.how, number));
    else letters[index] = changed(letter, move, letters, number);
  }
  return letters;
}

function changed(
  letter: Letter,
  move: Exclude<Move, { move: 'copy' | 'forge' }>,
  letters: readonly Letter[],
  number: number,
): Letter {
  if (move.move === 'replay') return replayed(letter, move.daysLater);
  if (move.move === 're-tag') {
    const mailpieceId = tagFrom(letters[move.of % letters.length], move.tag, number);
    return seenAs(letter, () => ({ mailpieceId }));
  }
  if (move.move === 'move') {
    const laterMs = move.minutesLater * 60_000;
    return seenAs(letter, (seen) => ({ plant: move.plant, ...at(seen.receivedAtMs + laterMs) }));
  }
  if (move.move === 'reweigh') return seenAs(letter, () => ({ weightGrams: move.grams }));
  if (move.move === 'redate') {
    if (move.what === 'mark') return redated(letter, move.hours);
    return seenAs(letter, (seen) => ({ scannedAtMs: seen.receivedAtMs + move.hours * HOUR_MS }));
  }
  return omitted(letter, move.what);
}

/** On a letter of the thief's own, what its cameras read; on an honest one, a false record from his plant. */
function seenAs(letter: Letter, change: (seen: Sighting) => Partial<Sighting>): Letter {
  if (letter.isThiefs) {
    return { ...letter, sightings: letter.sightings.map((seen) => ({ ...seen, ...change(seen) })) };
  }
  const [seen] = letter.sightings;
  if (seen === undefined) return letter;
  const recorded = { ...seen, plant: TOKEN_PLANT, ...at(seen.receivedAtMs + HOUR_MS) };
  // The token is one plant's: no matter what place he would like, the record is from there.
  const record: Sighting = { ...recorded, ...change(recorded), plant: TOKEN_PLANT, isFraudulent: true };
  return { ...letter, sightings: [...letter.sightings, record] };
}

/** The mark and its tag on another envelope, to the same addressee. */
function copied(letter: Letter, { plant, minutesLater }: Extract<Move, { move: 'copy' }>, number: number): Letter {
  return mailedByThief(letter, letter.payload, letter.signer, number, { plant, minutesLater });
}

function mailedByThief(
  { sightings: [first] }: Letter,
  payload: Buffer,
  signer: Letter['signer'],
  number: number,
  { plant = PLANTS[0], minutesLater = 30 }: { plant?: Plant; minutesLater?: number } = {},
): Letter {
  if (first === undefined) return { payload, signer, isThiefs: true, sightings: [] };
  const atMs = first.receivedAtMs + minutesLater * 60_000 + number;
  const seen: Sighting = { ...first, plant, pass: 'origin', ...at(atMs), isFraudulent: true };
  return { payload, signer, isThiefs: true, sightings: [seen] };
}

function forged(letter: Letter, how: Forgery, number: number): Letter {
  const { payload } = letter;
  const pieceCount = fieldOf(payload, 'pieceCount') + COUNT_AHEAD + number;
  const make = (change: Parameters<typeof rewritten>[1], signer: 'thief' | 'stray') => {
    const made = mailedByThief(letter, rewritten(payload, change, signer), signer, number);
    return seenAs(made, () => ({ mailpieceId: newTag(number) }));
  };
  if (how === 'stray key') return make({ pieceCount }, 'stray');
  if (how === 'own key') return make({ pieceCount, keyId: thiefsKeyId() }, 'thief');
  if (how === 'made up') {
    return make({ license: MADE_UP + number, serial: 2 ** 31 + number, keyId: MADE_UP_KEY + number }, 'stray');
  }
  // His own register set, wherever the mark came from: every second count, and the register stands still.
  const own = HONEST_LETTERS.findLast(({ signer }) => signer === 'thief')?.payload ?? payload;
  const later = fieldOf(own, 'pieceCount') + 2 * (number + 1);
  const made = mailedByThief(letter, rewritten(own, { pieceCount: later }, 'thief'), 'thief', number);
  return seenAs(made, () => ({ mailpieceId: newTag(number) }));
}

/** A mark of his own key he signs again; any other keeps a signature that no longer fits. */
function redated(letter: Letter, hours: number): Letter {
  if (!letter.isThiefs) return letter;
  const printedAtSeconds = fieldOf(letter.payload, 'printedAtSeconds') + hours * 3_600;
  return rewrittenLetter(letter, { printedAtSeconds });
}

function rewrittenLetter(letter: Letter, change: Parameters<typeof rewritten>[1]): Letter {
  const by = letter.signer === 'customer' ? 'nobody' : letter.signer;
  const signer = letter.signer === 'customer' ? 'stray' : letter.signer;
  return { ...letter, payload: rewritten(letter.payload, change, by), signer };
}

/** The whole letter enters the mail again, after it came to somebody. */
function replayed(letter: Letter, daysLater: number): Letter {
  const [first] = letter.sightings;
  if (first === undefined) return letter;
  const again: Sighting = {
    ...first,
    pass: 'origin',
    ...at(first.receivedAtMs + daysLater * DAY_MS),
    isFraudulent: true,
  };
  return { ...letter, sightings: [...letter.sightings, again] };
}

/** Nobody can take away what another plant has recorded: of honest letters nothing is left out. */
function omitted(letter: Letter, what: Omission): Letter {
  if (!letter.isThiefs) return letter;
  if (what === 'descending register') return rewrittenLetter(letter, { flags: 0, descendingMills: 0 });
  if (what === 'sighting') return { ...letter, sightings: letter.sightings.slice(1) };
  if (what === 'id') return seenAs(letter, () => ({ mailpieceId: null }));
  if (what === 'destination') return seenAs(letter, () => ({ destination: null }));
  if (what === 'weight') return seenAs(letter, () => ({ weightGrams: null }));
  return seenAs(letter, () => ({ scannedAtMs: null }));
}

function tagFrom(other: Letter | undefined, tag: Tag, number: number): string | null {
  if (tag === 'placeholder') return PLACEHOLDER;
  if (tag === 'new') return newTag(number);
  const id = other?.sightings[0]?.mailpieceId ?? null;
  return tag === 'of another' ? id : (id?.toLowerCase() ?? null);
}

function newTag(number: number): string {
  return `J18C${990_000_000_000 + number}`;
}

const letter = fc.nat({ max: 40 });
const plant = fc.constantFrom(...PLANTS);
const minutesLater = fc.integer({ min: 0, max: 600 });

const anyMove: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ move: fc.constant('copy' as const), letter, plant, minutesLater }),
  fc.record({ move: fc.constant('re-tag' as const), letter, tag: fc.constantFrom(...TAGS), of: letter }),
  fc.record({ move: fc.constant('move' as const), letter, plant, minutesLater }),
  fc.record({ move: fc.constant('reweigh' as const), letter, grams: fc.integer({ min: 1, max: 70 }) }),
  fc.record({
    move: fc.constant('redate' as const),
    letter,
    what: fc.constantFrom('mark' as const, 'scan' as const),
    hours: fc.integer({ min: -900, max: 900 }),
  }),
  fc.record({ move: fc.constant('forge' as const), letter, how: fc.constantFrom(...FORGERIES) }),
  fc.record({ move: fc.constant('replay' as const), letter, daysLater: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ move: fc.constant('omit' as const), letter, what: fc.constantFrom(...OMISSIONS) }),
);

/** Lists of moves within the budget. */
export function redTeamMoves(budget = BUDGET): fc.Arbitrary<Move[]> {
  return fc.array(anyMove, { maxLength: budget }).map((moves) => affordable(moves, budget));
}
