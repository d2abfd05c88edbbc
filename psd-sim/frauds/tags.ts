import { newMailpieceId } from '../mail/day.ts';
import { destinationPass, eveningMs, originPass } from '../mail/passes.ts';
import type { Piece } from '../mail/piece.ts';
import { type Committed, DAY_MS, MINUTE_MS, otherTown, type Scene, unusedPiece } from './scene.ts';

/**
 * Frauds with the ID tag of a mailpiece: anyone who mails letters can commit them, the user of the PSD as well as a
 * stranger.
 */

const CLONES = 3;
/** Each clone is that much heavier than the letter before: no scale errs by as much. */
const HEAVIER_GRAMS = 60;
const MINUTES_BETWEEN_CLONES = [3, 12] as const;
const DAYS_LATER = [3, 6] as const;
/** Letters under one mark that machines cannot tell apart. */
const UNREAD_COPIES = 9;
/** What machines write for an id that they cannot read: one constant for all of a post. */
const PLACEHOLDER_ID = 'NOREAD';
/** Honest pieces with the same constant, so that it stands on many marks. */
const UNREAD_HONEST = 8;

/** Mark and ID tag are copied onto other letters, which are mailed minutes later, at the same plant and at another. */
export function cloneTag(scene: Scene): Committed {
  const { random, scenario, day } = scene;
  const original = unusedPiece(scene, isUnplanned);
  let atMs = eveningMs(scenario, random);
  original.passes = [originPass(original, atMs)];
  const clones: Piece[] = [];
  for (let number = 1; number <= CLONES; number++) {
    atMs += random.int(...MINUTES_BETWEEN_CLONES) * MINUTE_MS;
    const mailedIn = number % 2 === 0 ? original.mailedIn : otherTown(original.town, scene);
    clones.push({
      ...original,
      ...otherAddressee(scene, original),
      mailedIn,
      weightGrams: original.weightGrams + number * HEAVIER_GRAMS,
      damage: 'none',
      passes: [{ town: mailedIn, pass: 'origin', atMs }],
    });
  }
  day.pieces.push(...clones);
  return { slot: original, pieces: [original, ...clones] };
}

/** Mark and tag of a letter that was delivered are mailed again days later, to whom they came or to somebody else. */
export function recirculate(scene: Scene): Committed {
  const { random, scenario, day } = scene;
  const original = unusedPiece(scene, isUnplanned);
  const entered = originPass(original, eveningMs(scenario, random));
  original.passes = [entered, destinationPass(original, entered, random)];
  const addressed = random.fraction() < 0.5 ? {} : otherAddressee(scene, original);
  const again: Piece = { ...original, ...addressed, damage: 'none' };
  const laterMs = random.int(...DAYS_LATER) * DAY_MS;
  const enteredAgain = originPass(again, eveningMs({ dayMs: scenario.dayMs + laterMs }, random));
  again.passes = [enteredAgain, destinationPass(again, enteredAgain, random)];
  day.pieces.push(again);
  return { slot: original, pieces: [original, again] };
}

/** Copies whose tags no machine can read, mailed at two plants on an evening when honest tags are not read either. */
export function copyUnread(scene: Scene): Committed {
  const { random, scenario, day, used } = scene;
  const unread = (piece: Piece) => {
    piece.passes = [{ ...originPass(piece, eveningMs(scenario, random)), mailpieceId: PLACEHOLDER_ID }];
    used.add(piece);
  };
  const original = unusedPiece(scene, isUnplanned);
  unread(original);
  for (let count = 0; count < UNREAD_HONEST; count++) unread(unusedPiece(scene, isUnplanned));
  const copies = Array.from({ length: UNREAD_COPIES }, (_, index): Piece => {
    const copy: Piece = {
      ...original,
      ...otherAddressee(scene, original),
      mailpieceId: newMailpieceId(random),
      mailedIn: index % 2 === 0 ? original.mailedIn : otherTown(original.town, scene),
      damage: 'none',
    };
    unread(copy);
    return copy;
  });
  day.pieces.push(...copies);
  return { slot: original, pieces: [original, ...copies] };
}

function isUnplanned({ passes, handedInAtMs }: Piece): boolean {
  return passes === undefined && handedInAtMs === undefined;
}

function otherAddressee(scene: Scene, original: Piece): Pick<Piece, 'addressee' | 'destination' | 'destinationTown'> {
  const other = unusedPiece(scene, ({ destinationTown }) => destinationTown !== original.destinationTown);
  return { addressee: other.addressee, destination: other.destination, destinationTown: other.destinationTown };
}
