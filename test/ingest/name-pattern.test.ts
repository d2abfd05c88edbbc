import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { keptStem } from '../../ingest/drop/file-names.ts';
import { DEFAULT_NAME_PATTERN, parseNamePattern } from '../../ingest/drop/name-pattern.ts';
import { SourceError } from '../../scans/index.ts';

describe('a name pattern', () => {
  it('reads what stands in its places', () => {
    assert.deepEqual(parseNamePattern(DEFAULT_NAME_PATTERN).fieldsOf('DBCS-12_20261122A_000123'), {
      scanId: 'DBCS-12/20261122A/000123',
      machine: 'DBCS-12',
    });
    const wide = parseNamePattern('img-{plant}.{machine}.{run}#{sequence}.{mailpieceId}.{pass}.{destination}-x');
    assert.deepEqual(wide.fieldsOf('img-06484.M-1.R#7.J18.origin.06443-x'), {
      scanId: 'M-1/R/7',
      machine: 'M-1',
      plant: '06484',
      mailpieceId: 'J18',
      pass: 'origin',
      destination: '06443',
    });
  });

  const unfit = ['', 'a', 'a_b', '_b_c', 'a_b_', 'a__c', 'a_b_c_d', 'a_b_c_', 'DBCS_12_run_7'];
  for (const stem of unfit) {
    it(`does not guess at ${JSON.stringify(stem)}`, () => {
      assert.equal(parseNamePattern(DEFAULT_NAME_PATTERN).fieldsOf(stem), null);
    });
  }

  it('does not read a name that the sorter did not give', () => {
    const pattern = parseNamePattern('!{machine}a{run}b{sequence}');
    assert.equal(pattern.fieldsOf('!0a1b2'), null);
  });

  const useless: [string, RegExp][] = [
    ['', /without \{machine\}/],
    ['{machine}_{sequence}', /without \{run\}/],
    ['{machine}{run}_{sequence}', /something must stand between/],
    ['{machine}_{run}_{sequence}_{run}', /comes twice/],
    ['{machine}_{run}_{sequence}_{color}', /\{color\} is not one of/],
    ['{machine}/{run}/{sequence}', /no slash/],
    ['{machine}_{run}_{sequence', /without \{sequence\}|braces/],
    [`{machine}_{run}_{sequence}${'x'.repeat(500)}`, /longer than/],
  ];
  for (const [pattern, message] of useless) {
    it(`${JSON.stringify(pattern.slice(0, 40))} is refused: ${message}`, () => {
      assert.throws(
        () => parseNamePattern(pattern),
        (error) => error instanceof SourceError && message.test(error.message),
      );
    });
  }

  const literal = fc.string({
    unit: fc.constantFrom('_', '-', '.', '+', '(', ')', '[', '^', '$', '\\', ' ', '~', '*'),
    maxLength: 3,
  });
  const places = fc.shuffledSubarray(['machine', 'run', 'sequence', 'plant', 'mailpieceId', 'destination'], {
    minLength: 3,
  });
  const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });

  it('gives back every value that was put into a name, and no name has two readings', () => {
    let tried = 0;
    fc.assert(
      fc.property(
        places,
        fc.array(literal, { minLength: 7, maxLength: 7 }),
        fc.array(value, { minLength: 6, maxLength: 6 }),
        (named, literals, values) => {
          fc.pre(['machine', 'run', 'sequence'].every((place) => named.includes(place)));
          const between = literals.slice(1, named.length);
          const separators = new Set(between.join(''));
          fc.pre(between.every((text) => text !== ''));
          fc.pre(
            values.every(
              (text) => !/[/{}]/.test(text) && !text.startsWith('!') && ![...text].some((unit) => separators.has(unit)),
            ),
          );
          const text = (part: (place: string, index: number) => string) =>
            (literals[0] ?? '') +
            named.map((place, index) => part(place, index) + (literals[index + 1] ?? '')).join('');
          const fields = parseNamePattern(text((place) => `{${place}}`)).fieldsOf(
            text((_, index) => values[index] ?? ''),
          );
          const given: Record<string, string> = Object.fromEntries(
            named.map((place, index) => [place, values[index] ?? '']),
          );
          const { run, sequence, ...kept } = given;
          assert.deepEqual(fields, { scanId: `${given.machine}/${run}/${sequence}`, ...kept });
          tried += 1;
        },
      ),
      { numRuns: 500 },
    );
    assert.ok(tried >= 500);
  });

  it('never gives two names one scan id', () => {
    const pattern = parseNamePattern(DEFAULT_NAME_PATTERN);
    const stem = fc.string({ unit: fc.constantFrom('a', 'b', '_', '-'), maxLength: 8 });
    fc.assert(
      fc.property(stem, stem, (one, other) => {
        const [first, second] = [pattern.fieldsOf(one), pattern.fieldsOf(other)];
        if (first !== null && one !== other) assert.notEqual(first.scanId, second?.scanId);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the name that a file is kept under', () => {
  const raw = (text: string | Buffer) => Buffer.from(text).toString('latin1');

  it('is its own where that is plain text', () => {
    for (const name of ['DBCS-12_A_1', 'Zürich 2', '..', 'a\\b', '-rf', '~', "it's; $(x)"]) {
      assert.equal(keptStem(raw(name)), name);
    }
  });

  const hostile: [string, string | Buffer][] = [
    ['a line break', 'a\nb'],
    ['an escape', 'a\u001b[2Jb'],
    ['a turned direction', 'a\u202egnp'],
    ['a byte order mark', '\ufeffa'],
    ['no text at all', Buffer.from([0x61, 0xff, 0x62])],
    ['240 bytes', 'x'.repeat(240)],
    ['the sign of a file that was renamed', '!0123456789abcdef'],
  ];
  for (const [what, name] of hostile) {
    it(`is another for one with ${what}, and the same each time`, () => {
      assert.match(keptStem(raw(name)), /^![0-9a-f]{16}$/);
      assert.equal(keptStem(raw(name)), keptStem(raw(name)));
      assert.notEqual(keptStem(raw(name)), name);
    });
  }
});
