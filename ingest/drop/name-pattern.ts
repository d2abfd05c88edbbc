import { excerpt } from '../../indicium/index.ts';
import { SourceError } from '../../scans/index.ts';
import { isRenamed } from './file-names.ts';
import { NAME_PATTERN_CHARS_MAX } from './limits.ts';

/** What a file's name may say of its scan. */
const PLACES = ['machine', 'run', 'sequence', 'plant', 'mailpieceId', 'pass', 'destination'] as const;
type Place = (typeof PLACES)[number];
const NEEDED: readonly Place[] = ['machine', 'run', 'sequence'];

export const DEFAULT_NAME_PATTERN = '{machine}_{run}_{sequence}';

type NamedFields = Readonly<Record<string, string>>;

/** Reads the fields of a scan off the name of its file. */
export interface NamePattern {
  /** `stem` is the name without its extension; null for one that does not fit, or that the sorter did not give. */
  fieldsOf(stem: string): NamedFields | null;
}

/**
 * A pattern such as `{machine}_{run}_{sequence}`. The scan id is machine/run/sequence. No value may hold a character
 * that stands between the places: a name that could be read in two ways is read in none, since the wrong one may be the
 * scan id of another piece.
 *
 * @throws SourceError for one that cannot tell scans apart.
 */
export function parseNamePattern(pattern: string): NamePattern {
  const refuse = (problem: string) => new SourceError(`name pattern ${JSON.stringify(excerpt(pattern))}: ${problem}`);
  if (pattern.length > NAME_PATTERN_CHARS_MAX) throw refuse(`longer than ${NAME_PATTERN_CHARS_MAX} characters`);
  const parts = pattern.split(/\{(\w*)\}/);
  const literals = parts.filter((_, index) => index % 2 === 0);
  const places = parts.filter((_, index) => index % 2 === 1);
  for (const place of places) {
    if (!PLACES.some((known) => known === place)) throw refuse(`{${place}} is not one of {${PLACES.join('}, {')}}`);
  }
  if (new Set(places).size < places.length) throw refuse('a place comes twice');
  for (const place of NEEDED) {
    if (!places.includes(place)) throw refuse(`without {${place}}, two pieces would have one scan id`);
  }
  const between = literals.slice(1, -1);
  if (between.includes('')) throw refuse('something must stand between two places');
  if (/[/{}]/.test(literals.join(''))) throw refuse('a name holds no slash, and braces only around a place');
  const separators = new Set(between.join(''));
  // What is at an end alone is cut off by its length, so a value may hold it.
  const value = `([^${RegExp.escape([...separators].join(''))}]+)`;
  const expression = new RegExp(`^${literals.map((text) => RegExp.escape(text)).join(value)}$`, 'su');
  return {
    fieldsOf(stem) {
      const match = isRenamed(stem) ? null : expression.exec(stem);
      if (match === null) return null;
      const fields = Object.fromEntries(places.map((place, index) => [place, match[index + 1] ?? '']));
      const { machine = '', run = '', sequence = '', ...rest } = fields;
      return { scanId: `${machine}/${run}/${sequence}`, machine, ...rest };
    },
  };
}
