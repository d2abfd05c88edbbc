import fc from 'fast-check';
import { SCAN_TEXT_CHARS_MAX } from '../../indicium/index.ts';
import { EXTRA_CHARS_MAX, LINE_BYTES_MAX, PAYLOAD_BASE64_CHARS_MAX } from '../../scans/limits.ts';

/** Inputs of people who want the post to stand still, by structure and by size. One seed gives the same ones. */

const MIB = 2 ** 20;

/** Runs of each property; INDICIA_FUZZ_RUNS asks for more, INDICIA_FUZZ_SEED for those of a failure. */
export function fuzzed(runs: number): fc.Parameters<unknown> {
  const { INDICIA_FUZZ_RUNS: more, INDICIA_FUZZ_SEED: seed } = process.env;
  const numRuns = more === undefined ? runs : Math.max(1, Math.round((runs * Number(more)) / 100));
  return { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

/** Sizes at a bound, and beyond it. */
export function sizesAround(bound: number): number[] {
  return [bound - 1, bound, bound + 1, 2 * bound, 10 * bound];
}

/** Sizes that are a bound somewhere, small enough to try often. */
const smallSizes = fc.constantFrom(
  ...[SCAN_TEXT_CHARS_MAX, PAYLOAD_BASE64_CHARS_MAX, EXTRA_CHARS_MAX].flatMap(sizesAround),
);

/** Sizes that broke things, and those around the bound of a line. */
export const LARGE_SIZES: readonly number[] = [...sizesAround(LINE_BYTES_MAX), 4 * MIB, 5 * MIB];

/** What fills a long text: letters of base64, and characters that take more room or time than they seem to. */
const fillers = fc.constantFrom(
  'A',
  '\\',
  '"',
  ' ',
  '\n',
  '1',
  '\u0000',
  'é',
  '€',
  '👩',
  '\ud800',
  '\u0301',
  '=',
  '*',
  '[',
  '{"a":',
  ',',
);
const filled = (sizes: fc.Arbitrary<number>) =>
  fc.tuple(fillers, sizes, fc.constantFrom('', '*', '=', '==', '\ud83d')).map(([filler, size, end]) => {
    return filler.repeat(Math.ceil(size / filler.length)).slice(0, size) + end;
  });

export const shortText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '__proto__', 'constructor', 'null', '\u{feff}', '2026-11-22T07:16:01Z', '9999-99-99T99:99:99Z'),
);
export const hostileText = fc.oneof({ weight: 4, arbitrary: shortText }, { weight: 3, arbitrary: filled(smallSizes) });
export const largeText = filled(fc.constantFrom(...LARGE_SIZES));

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, -1, 2 ** 31, 2 ** 53, 1e308, true, null, [], {}) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }).map(nested) },
);

function nested(levels: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const KNOWN = [
  'plant',
  'machine',
  'scannedAt',
  'mailpieceId',
  'pass',
  'destination',
  'weightGrams',
  'payload',
  'image',
  'imageBase64',
  'frame',
  'deadlineMs',
];

/** A record of a scan in which any field may be anything. */
export const hostileRecord: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.option(hostileText, { nil: undefined }),
    fc.dictionary(fc.constantFrom(...KNOWN), hostileValue, { maxKeys: 4 }),
    fc.dictionary(shortText, hostileValue, { maxKeys: 3 }),
  )
  .map(([scanId, known, unknown]) => ({ ...unknown, ...known, ...(scanId === undefined ? {} : { scanId }) }));

/** Text that was JSON before somebody cut or changed it. */
export function mangled(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: text },
    { weight: 1, arbitrary: fc.tuple(text, fc.nat()).map(([whole, at]) => whole.slice(0, at % (whole.length + 1))) },
    {
      weight: 1,
      arbitrary: fc.tuple(text, fc.nat(), shortText).map(([whole, at, put]) => {
        const place = at % (whole.length + 1);
        return whole.slice(0, place) + put + whole.slice(place + put.length);
      }),
    },
  );
}

/** One line: a record, mangled or not, or something else altogether. */
export const hostileLine: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 6, arbitrary: mangled(hostileRecord.map((record) => JSON.stringify(record))) },
    { weight: 1, arbitrary: hostileText },
  )
  .map((line) => line.replaceAll('\n', ' '));

/** A record of which one field is as long as a bound, or as what broke the server. */
export const largeLine: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('scanId', 'x', ...KNOWN), largeText)
  .map(([name, text]) => JSON.stringify({ scanId: 'large', [name]: text }));

export const hostileBytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  hostileLine.map((line) => Buffer.from(line)),
);
