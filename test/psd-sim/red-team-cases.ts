import type { Move } from './red-team-moves.ts';
import { PLANTS } from './red-team-world.ts';

const [HOME, NEXT, FAR] = PLANTS;
/** The first letter that the thief makes stands after the nine honest ones. */
const FIRST_MADE = 9;

/** Attacks that somebody thought of or that were found, by name. */
export const RED_TEAM_CASES = {
  'nothing at all': [],
  'copies with the tag, at two machines of the evening': [
    { move: 'copy', letter: 0, plant: HOME, minutesLater: 1 },
    { move: 'reweigh', letter: FIRST_MADE, grams: 69 },
    { move: 'copy', letter: 0, plant: NEXT, minutesLater: 2 },
  ],
  'the same tag far away after ten minutes': [{ move: 'copy', letter: 0, plant: FAR, minutesLater: 10 }],
  'mailed again after delivery, six days later': [{ move: 'replay', letter: 1, daysLater: 6 }],
  'copies without ids': [
    { move: 'copy', letter: 0, plant: HOME, minutesLater: 5 },
    { move: 'omit', letter: FIRST_MADE, what: 'id' },
    { move: 'copy', letter: 0, plant: HOME, minutesLater: 6 },
    { move: 'omit', letter: FIRST_MADE + 1, what: 'id' },
  ],
  'a copy whose tag no machine reads': [
    { move: 'copy', letter: 0, plant: HOME, minutesLater: 5 },
    { move: 're-tag', letter: FIRST_MADE, tag: 'placeholder', of: 0 },
  ],
  'a copy with the tag of a stranger': [
    { move: 'copy', letter: 0, plant: HOME, minutesLater: 5 },
    { move: 're-tag', letter: FIRST_MADE, tag: 'of another, lower case', of: 1 },
  ],
  'forged in the name of an innocent': [
    { move: 'forge', letter: 0, how: 'stray key' },
    { move: 'forge', letter: 0, how: 'stray key' },
  ],
  'signed by the thief in the name of an innocent': [{ move: 'forge', letter: 1, how: 'own key' }],
  'licenses that nobody gave out': [
    { move: 'forge', letter: 0, how: 'made up' },
    { move: 'forge', letter: 1, how: 'made up' },
    { move: 'forge', letter: 2, how: 'made up' },
  ],
  'own registers that stand still': [
    { move: 'forge', letter: 2, how: 'own registers' },
    { move: 'forge', letter: 2, how: 'own registers' },
  ],
  'own registers without the descending one': [
    { move: 'forge', letter: 2, how: 'own registers' },
    { move: 'omit', letter: FIRST_MADE, what: 'descending register' },
  ],
  'a record of a heavier letter, with a token': [{ move: 'reweigh', letter: 0, grams: 69 }],
  'a record of another year, with a token': [{ move: 'redate', letter: 0, what: 'scan', hours: -900 }],
  'a copy without the time of its scan': [
    { move: 'copy', letter: 0, plant: HOME, minutesLater: 5 },
    { move: 'omit', letter: FIRST_MADE, what: 'time' },
  ],
} satisfies Record<string, readonly Move[]>;
