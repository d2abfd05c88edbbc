import type { PathRules } from './path-rules.ts';
import { areAtTwoPlants, isElsewhere, isInEarlierPass, type Repetition } from './relation.ts';
import type { Sighting } from './sighting.ts';

/** A sighting, and how often it was made with nothing else to it. */
export interface Kept {
  readonly sighting: Sighting;
  times: number;
}

/** What the path of a piece says: no single piece can take it, one may but hardly does, or nothing. */
type PathAnswer = Extract<Repetition, 'cloned-id' | 'possible-copy'> | null;

/**
 * What a further sighting adds to the path of one mailpiece, which is all that was seen of one mark under one mailpiece id:
 * `earlier`, among which nothing was wrong, or what was wrong is known. An id tag can be copied like a mark; where it was,
 * what is seen under it is the way of two pieces.
 */
export function pathAnswer(earlier: readonly Kept[], later: Sighting, rules: PathRules): PathAnswer {
  let isDoubtful = false;
  let scans = 1;
  let scansInPass = 1;
  for (const { sighting, times } of earlier) {
    scans += times;
    if (sighting.plant === later.plant && sighting.pass === later.pass) scansInPass += times;
    const answer = pairAnswer(sighting, later, rules);
    if (answer === 'cloned-id') return answer;
    if (answer !== null) isDoubtful = true;
  }
  const areas = areasOf(earlier, later);
  if (scans > rules.scansMax || areas > rules.areasMax) return 'cloned-id';
  if (hasEnteredAgain(earlier, later, rules)) return 'cloned-id';
  if (areas >= rules.areasMax || scansInPass > rules.scansPerPassMax) isDoubtful = true;
  return isDoubtful ? 'possible-copy' : null;
}

/** How many delivery areas were read. Most paths have one: no set is made for it. */
function areasOf(earlier: readonly Kept[], { area }: Sighting): number {
  let areas = area === 0 ? 0 : 1;
  for (const one of earlier) {
    if (one.sighting.area === 0 || one.sighting.area === area) continue;
    if (earlier.find(({ sighting }) => sighting.area === one.sighting.area) === one) areas += 1;
  }
  return areas;
}

/** Proofs come before doubts: two scales that differ must not hide that nothing travels between them. */
function pairAnswer(one: Sighting, other: Sighting, rules: PathRules): PathAnswer {
  const isOneScale = one.plant !== 0 && one.plant === other.plant;
  const isOtherWeight = !rules.areOneWeight(one, other);
  const isTooFar = !rules.canTravel(one, other);
  if (isTooFar && one.pass === other.pass && one.pass !== null) return 'cloned-id';
  // Two scales may count by different units; one scale and two addresses leave no doubt.
  if (isOtherWeight && isOneScale && isElsewhere(one, other)) return 'cloned-id';
  if (isOtherWeight && (isOneScale || isElsewhere(one, other))) return 'possible-copy';
  // Where the later pass was scanned before the earlier one, a clock is wrong.
  const [first, second] = one.halfHour <= other.halfHour ? [one, other] : [other, one];
  if (isTooFar && isInEarlierPass(first, second)) return 'possible-copy';
  if (one.pass !== 'origin' || other.pass !== 'origin') return null;
  return areAtTwoPlants(one, other) || isLongAfter(one, other, rules) ? 'possible-copy' : null;
}

function isLongAfter(one: Sighting, other: Sighting, { reentryHalfHours }: PathRules): boolean {
  if (one.halfHour === 0 || other.halfHour === 0) return false;
  return Math.abs(one.halfHour - other.halfHour) > reentryHalfHours;
}

/**
 * Whether a piece entered the mail at one plant, arrived at another, and long after its first entry entered again where it
 * first did. What is returned enters where it had arrived.
 */
function hasEnteredAgain(earlier: readonly Kept[], later: Sighting, rules: PathRules): boolean {
  if (later.pass !== 'origin' && later.pass !== 'destination') return false;
  let entered = later.pass === 'origin' ? 1 : 0;
  for (const { sighting } of earlier) if (sighting.pass === 'origin') entered += 1;
  if (entered < 2) return false;
  const all = [...earlier.map(({ sighting }) => sighting), later];
  const entries = all.filter(({ pass, plant, halfHour }) => pass === 'origin' && plant !== 0 && halfHour !== 0);
  const arrivals = all.filter(({ pass, plant, halfHour }) => pass === 'destination' && plant !== 0 && halfHour !== 0);
  return arrivals.some((arrival) => {
    const elsewhere = entries.filter(({ plant }) => plant !== arrival.plant);
    return elsewhere.some((entry) => {
      if (entry.halfHour > arrival.halfHour) return false;
      return elsewhere.some(({ plant, halfHour }) => {
        return (
          plant === entry.plant && halfHour >= arrival.halfHour && halfHour - entry.halfHour > rules.reentryHalfHours
        );
      });
    });
  });
}
