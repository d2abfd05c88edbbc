import { type ReasonCode, SORTING_PASSES } from '../../indicium/index.ts';
import type { PathRules } from './path-rules.ts';
import { NOT_SIGNED, type Sighting, type Signed } from './sighting.ts';

/** What a repeated piece count proves or hints at. */
export const REPETITIONS = ['fork', 'copy', 'cloned-id', 'possible-copy'] as const satisfies readonly ReasonCode[];
export type Repetition = (typeof REPETITIONS)[number];

/**
 * How a sighting relates to an earlier one of the same piece count of the same register set; null for a re-scan. Sightings
 * under one mailpiece id are not compared here: what speaks against them is their path.
 *
 * Other contents are a fork. The same contents on another mailpiece are a copy, where both were in the same pass or a pass is
 * not known; in another pass it is one piece with a new id tag. Where a mailpiece id is missing, only what one piece cannot
 * do is held against it: it cannot enter the mail at two plants, nor be in one pass at two plants between which nothing
 * travels in the time. What is left is a re-scan when the sorting pass differs, and open when it does not. The SQL detectors
 * state the same rule on their own; a test holds the two together.
 *
 * A photocopy that comes first must not get the original diverted: of two that are copies, the one that alone goes where the mark
 * is signed for, or entered the mail in its town, is only in doubt.
 */
export function relate(
  earlier: Sighting,
  later: Sighting,
  rules: PathRules,
  signedOf: () => Signed = () => NOT_SIGNED,
): Repetition | null {
  if (earlier.content !== later.content) return 'fork';
  const isSamePass = earlier.pass === later.pass;
  const isPassKnown = earlier.pass !== null && later.pass !== null;
  if (earlier.mailpiece !== 0n && later.mailpiece !== 0n) {
    if (earlier.mailpiece === later.mailpiece) return null;
    if (isPassKnown && !isSamePass) return isElsewhere(earlier, later) ? 'possible-copy' : null;
    return isOriginal(earlier, later, signedOf()) ? 'possible-copy' : 'copy';
  }
  if (isPassKnown && !isSamePass) return null;
  const bothEntered = earlier.pass === 'origin' && isPassKnown && areAtTwoPlants(earlier, later);
  if (bothEntered) return 'copy';
  return isPassKnown && !rules.canTravel(earlier, later) ? 'copy' : 'possible-copy';
}

/** Whether the other of two copies is the one that goes astray, and this one is not. */
function isOriginal(other: Sighting, one: Sighting, signed: Signed): boolean {
  return isRight(one, signed) && !isAstray(one, signed) && isAstray(other, signed);
}

function isRight({ area, pass, plant }: Sighting, signed: Signed): boolean {
  return (area !== 0 && area === signed.area) || (pass === 'origin' && (signed.homePlants?.has(plant) ?? false));
}

function isAstray({ area, pass, plant }: Sighting, signed: Signed): boolean {
  const isElsewhereSorted = area !== 0 && signed.area !== 0 && area !== signed.area;
  const hasHome = signed.homePlants !== null && pass === 'origin' && plant !== 0;
  return isElsewhereSorted || (hasHome && !signed.homePlants.has(plant));
}

/** Whether they were sorted to two delivery areas. */
export function isElsewhere(one: Sighting, other: Sighting): boolean {
  return one.area !== 0 && other.area !== 0 && one.area !== other.area;
}

export function areAtTwoPlants(one: Sighting, other: Sighting): boolean {
  return one.plant !== 0 && other.plant !== 0 && one.plant !== other.plant;
}

/** Whether the first was in an earlier pass than the other; false where a pass is unknown. */
export function isInEarlierPass(one: Sighting, other: Sighting): boolean {
  if (one.pass === null || other.pass === null) return false;
  return SORTING_PASSES.indexOf(one.pass) < SORTING_PASSES.indexOf(other.pass);
}
