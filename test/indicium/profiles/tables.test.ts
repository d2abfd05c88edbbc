import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readScans } from '../../../app/reader.ts';
import { parseForeignMark, parseIndicium, textAt, textOrNullAt } from '../../../indicium/index.ts';
import { DEUTSCHE_POST_KINDS } from '../../../indicium/profiles/deutsche-post-other.ts';
import { FIELD_KINDS, type FieldKind } from '../../../indicium/profiles/field-kinds.ts';
import { foreignFields, foreignNote } from '../../../indicium/profiles/foreign-mark.ts';
import type { Profile } from '../../../indicium/profiles/profile.ts';
import { PROFILES } from '../../../indicium/profiles/profiles.ts';
import { dumpBytes } from '../../support/dump-truths.ts';
import { scanOf } from '../../support/evidence.ts';
import { markOf } from '../../support/mark-writer.ts';
import { markBytes, SmallWorld } from '../../support/marks.ts';

const PROFILES_OF_OTHERS = ['deutsche-post-other', 'royal-mail-other'];
const smallestLength = ({ lengths }: Profile) => Math.min(...lengths.flat());

/** Names under which values are shown, in order. */
function shownNames({ fields, derived }: Profile): string[] {
  const suffixesOf = (kind: keyof typeof FIELD_KINDS): FieldKind => FIELD_KINDS[kind];
  return [
    ...Object.entries(fields).flatMap(([name, { kind }]) => suffixesOf(kind).suffixes.map((suffix) => name + suffix)),
    ...Object.keys(derived ?? {}),
  ];
}

/** Any bytes; bytes behind each prefix; dumps with some bytes changed. */
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 2_100 }),
  ...PROFILES.flatMap(({ prefix, lengths }) =>
    lengths
      .flat()
      .map((length) =>
        fc
          .uint8Array({ minLength: Math.max(0, length - prefix.length - 1), maxLength: length - prefix.length + 1 })
          .map((rest) => new Uint8Array([...prefix, ...rest])),
      ),
  ),
  ...['dp-dv-185', 'dp-stamp-66', 'rm-stamp-20p', 'rm-mailmark-7', 'us-ibi-a', 'us-ibi-lite'].map((name) =>
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }).map((changes) => {
      const bytes = dumpBytes(name);
      for (const [place, value] of changes) bytes[place % bytes.length] = value;
      return new Uint8Array(bytes);
    }),
  ),
);

describe('the profiles of marks of other posts', () => {
  it('have names of their own', () => {
    assert.equal(new Set(PROFILES.map(({ name }) => name)).size, PROFILES.length);
  });

  for (const profile of PROFILES) {
    describe(profile.name, () => {
      it('has fields that lie one after another, within every length it takes', () => {
        let offset = 0;
        const fields = Object.values(profile.fields);
        for (const field of fields) {
          assert.equal(field.offset, offset, field.meaning);
          if (field.bytes === 'rest') assert.equal(field, fields.at(-1));
          else offset += field.bytes;
        }
        if (fields.at(-1)?.bytes === 'rest') assert.ok(offset <= smallestLength(profile));
        else assert.deepEqual(profile.lengths, [offset]);
      });

      it('shows each value under a name of its own, in camel case', () => {
        const names = ['profile', 'post', 'kind', 'unconfirmed', ...shownNames(profile)];
        assert.equal(new Set(names).size, names.length, names.join(' '));
        for (const name of names) assert.match(name, /^[a-z][a-zA-Z0-9]*$/);
      });

      it('gives back the values that another program wrote by its table', () => {
        fc.assert(
          fc.property(markOf(profile), ({ bytes, shown }) => {
            const mark = parseForeignMark(bytes);
            if (PROFILES_OF_OTHERS.includes(profile.name)) fc.pre(mark?.profile === profile.name);
            assert.equal(mark?.profile, profile.name);
            for (const [name, value] of Object.entries(shown))
              assert.deepEqual([name, mark.fields[name]], [name, value]);
            const stored = Object.keys(mark.fields).filter((name) => !Object.hasOwn(profile.derived ?? {}, name));
            assert.deepEqual(stored, Object.keys(shown), 'and shows nothing else');
            assert.ok('failure' in parseIndicium(bytes), 'it is not an indicium');
          }),
          { numRuns: 200 },
        );
      });
    });
  }

  it('name no kind of Deutsche Post in two ways', () => {
    for (const { prefix, kind, name } of PROFILES) {
      const number = name.startsWith('deutsche-post') ? prefix[3] : undefined;
      if (number !== undefined) assert.equal(DEUTSCHE_POST_KINDS[number], kind);
    }
  });

  it('take any payload without an error, and show nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(payloads, (bytes) => {
        const mark = parseForeignMark(bytes);
        assert.equal(foreignNote(bytes), mark === null ? null : `${mark.post}, ${mark.kind}`);
        if (mark === null) return;
        const profile = PROFILES.find(({ name }) => name === mark.profile);
        assert.ok(profile !== undefined);
        const names = Object.keys(mark.fields);
        assert.deepEqual(
          names.filter((name) => !shownNames(profile).includes(name)),
          [],
        );
        assert.deepEqual(
          mark.unconfirmed.filter((name) => !names.includes(name)),
          [],
        );
        for (const value of Object.values(mark.fields)) {
          assert.ok(typeof value === 'number' ? Number.isSafeInteger(value) : /^[ -~ü]*$/.test(value), `${value}`);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('say of nothing that it is valid', () => {
    for (const { fields, derived, ...profile } of PROFILES) {
      const said = { ...profile, prefix: '', names: shownNames({ fields, ...profile, ...(derived && { derived }) }) };
      assert.doesNotMatch(JSON.stringify([said, fields, derived]), /valid/i, profile.name);
    }
    const { registry } = new SmallWorld(1, 1);
    const order = { images: new Map(), givenUp: new Set<number>(), receivedAtMs: null, trust: registry };
    fc.assert(
      fc.property(payloads, (payload) => {
        const read = readScans({ ...order, scans: [scanOf({ mark: { kind: 'payload', payload } })] });
        assert.ok(read !== null && read.faults.scans === 0);
        const isForeign = parseForeignMark(payload) !== null;
        assert.equal(textAt(read.columns.outcome, 0) === 'no-key', isForeign);
        assert.equal(textOrNullAt(read.columns.note, 0), foreignNote(payload));
      }),
      { numRuns: 500 },
    );
  });

  it('never take an indicium for theirs', () => {
    fc.assert(fc.property(markBytes, (bytes) => assert.equal(parseForeignMark(bytes), null)));
  });

  it('keep the fields of a mark apart from which mark it is', () => {
    const mark = parseForeignMark(dumpBytes('dp-stamp-66'));
    assert.ok(mark !== null);
    const { profile, post, kind, unconfirmed, ...fields } = foreignFields(mark);
    assert.deepEqual([profile, post, kind], ['deutsche-post-stamp', 'Deutsche Post', 'stamp']);
    assert.deepEqual(unconfirmed, ['byte17', 'printerName']);
    assert.deepEqual(fields, mark.fields);
  });
});
