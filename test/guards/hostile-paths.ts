import type { Guard } from './guard.ts';

const PATH = 'test/analytics/path.test.ts';
const SIGHTINGS = 'test/analytics/sightings.test.ts';

/** Somebody who copies the id tag with the mark, and somebody who wants another to be blamed for it. */
export const HOSTILE_PATHS: readonly Guard[] = [
  {
    scenario: 'F1',
    holds: 'a piece is in one pass at two plants only where something travels in the time',
    file: 'analytics/sightings/path.ts',
    text: "if (isTooFar && one.pass === other.pass && one.pass !== null) return 'cloned-id';",
    without: '',
    tests: [PATH],
  },
  {
    scenario: 'F1',
    holds: 'one scale and two addresses prove two pieces',
    file: 'analytics/sightings/path.ts',
    text: "if (isOtherWeight && isOneScale && isElsewhere(one, other)) return 'cloned-id';",
    without: '',
    tests: [PATH],
  },
  {
    scenario: 'F1',
    holds: 'a piece has few addresses',
    file: 'analytics/sightings/path.ts',
    text: ' || areas > rules.areasMax',
    without: '',
    tests: [PATH],
  },
  {
    scenario: 'F1',
    holds: 'a piece enters the mail once',
    file: 'analytics/sightings/path.ts',
    text: "if (hasEnteredAgain(earlier, later, rules)) return 'cloned-id';",
    without: '',
    tests: [PATH],
  },
  {
    scenario: 'F1',
    holds: 'a piece is scanned so often and no more',
    file: 'analytics/sightings/path.ts',
    text: 'scans > rules.scansMax || ',
    without: '',
    tests: [PATH],
  },
  {
    scenario: 'F1',
    holds: 'what is known against a mailpiece stays known',
    file: 'analytics/sightings/kept-beside.ts',
    text: "if (known === 'cloned-id') return known;",
    without: '',
    tests: [SIGHTINGS],
  },
  {
    scenario: 'F1',
    holds: 'words for no id are not ids',
    file: 'analytics/sightings/comparable-id.ts',
    text: 'PLACEHOLDER_SET.has(plain) || ',
    without: '',
    tests: [PATH],
  },
  {
    scenario: 'F1',
    holds: 'an id on many marks does not count as one',
    file: 'analytics/judge/judge.ts',
    text: 'mailpiece: isShared ? 0n : piece.mailpiece,',
    without: 'mailpiece: piece.mailpiece,',
    tests: [PATH],
  },
  {
    scenario: 'F1',
    holds: 'many scans of one mark without ids are a copy',
    file: 'analytics/sightings/kept-beside.ts',
    text: "if (unidentified > this.#rules.unidentifiedScansMax) found.add('copy');",
    without: '',
    tests: [PATH, SIGHTINGS],
  },
  {
    scenario: 'F1',
    holds: 'an original that comes after its photocopy is not diverted',
    file: 'analytics/sightings/relation.ts',
    text: "isOriginal(earlier, later, signedOf()) ? 'possible-copy' : 'copy'",
    without: "'copy'",
    tests: [PATH],
  },
  {
    scenario: 'F1',
    holds: 'copies do not make the customer short of postage, in the wrong town or at a wrong address',
    file: 'analytics/detectors/wrong-destination.sql',
    text: '-- @exonerated',
    without: '-- @left out',
    tests: [PATH],
  },
];
