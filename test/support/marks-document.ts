import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SCAN_PAYLOAD_BYTES_MAX } from '../../indicium/limits.ts';
import { DEUTSCHE_POST_KINDS } from '../../indicium/profiles/deutsche-post-other.ts';
import { FIELD_KINDS, type FieldKind } from '../../indicium/profiles/field-kinds.ts';
import type { MarkField, Profile } from '../../indicium/profiles/profile.ts';
import { PROFILES } from '../../indicium/profiles/profiles.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/MARKS.md', import.meta.url));

const HEAD = `# Marks of real posts

What \`indicia decode\` and \`indicia verify\` show of marks of other posts than our own ([INDICIUM.md](INDICIUM.md)). Made from the
tables in [indicium/profiles](../indicium/profiles); a test fails when this page is not what they say, and
\`node test/support/marks-document.ts\` writes it.

Nobody here has a key of these posts. What a mark states is shown and nowhere checked: its result is always \`no-key\`, a run sends
such a piece to manual, and the column \`note\` of its scan holds post and kind, such as \`Deutsche Post, stamp\`.

- \`fields\` of \`--json\` begins with \`profile\`, \`post\` and \`kind\`, then come the fields below in the order of the bytes, what follows
  from them, and \`unconfirmed\`: names of fields whose meaning no dump confirms. Text output marks these \`(unconfirmed)\`.
- Dates are ISO 8601. Two digits of a year mean 2000 to 2099: none of these marks was sold before 2001. What is not a day of the
  calendar is shown as \`no date\` with the number that stands there.
- Amounts have their currency and are exact; the same in the smallest unit of the mark stands beside them.
- The first profile that fits is the one. Integers are unsigned.

## How to add a mark

Write \`indicium/profiles/NAME.ts\` with its table and add it to the list in
[profiles.ts](../indicium/profiles/profiles.ts), before those that take everything else of a post; write this page anew. The
tests of all tables then cover it. Put a dump with its truth into \`test/cases/marks\`.
`;

/** docs/MARKS.md, from the tables. */
export function marksDocument(): string {
  return `${[HEAD, ...PROFILES.map(section), kinds()].join('\n')}`;
}

function section(profile: Profile): string {
  const { name, post, kind, prefix, lengths, evidence, isUnconfirmed, fields, derived } = profile;
  const begins = prefix.length === 0 ? 'nothing fixed' : `\`${Buffer.from(prefix).toString('hex')}\``;
  const derivedRows = Object.entries(derived ?? {}).map(([field, { meaning, isUnconfirmed: isDoubtful }]) =>
    row(['', '', `\`${field}\``, 'from the above', meaning, isDoubtful || isUnconfirmed ? 'no' : 'yes']),
  );
  return [
    `## ${name}`,
    '',
    `${post}, ${kind}. Begins with ${begins}; ${lengths.map(lengthText).join(' or ')} bytes. Rests on: ${evidence}.`,
    '',
    row(['offset', 'bytes', 'field', 'read as', 'meaning', 'confirmed']),
    row(Array.from({ length: 6 }, () => '---')),
    ...Object.entries(fields).map(([field, of]) => fieldRow(field, of, isUnconfirmed)),
    ...derivedRows,
    '',
  ].join('\n');
}

function fieldRow(name: string, field: MarkField, isAllUnconfirmed: true | undefined): string {
  const { suffixes, says }: FieldKind = FIELD_KINDS[field.kind];
  const names = suffixes.map((suffix) => `\`${name}${suffix}\``).join(', ');
  const isConfirmed = !(field.isUnconfirmed || isAllUnconfirmed);
  return row([`${field.offset}`, `${field.bytes}`, names, says, field.meaning, isConfirmed ? 'yes' : 'no']);
}

function lengthText(length: number | readonly [number, number]): string {
  if (typeof length === 'number') return `${length}`;
  return length[1] === SCAN_PAYLOAD_BYTES_MAX ? `at least ${length[0]}` : `${length[0]} to ${length[1]}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function kinds(): string {
  const rows = Object.entries(DEUTSCHE_POST_KINDS).map(([number, name]) => row([number, name]));
  return ['## Kinds of franking of Deutsche Post', '', row(['type', 'kind']), row(['---', '---']), ...rows, ''].join(
    '\n',
  );
}

if (import.meta.main) await writeFile(DOCUMENT, marksDocument());
