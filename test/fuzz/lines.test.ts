import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { readScans } from '../../app/reader.ts';
import { createReaderPool } from '../../app/reader-pool.ts';
import { rowsOf, type Scan } from '../../indicium/index.ts';
import { parseNamePattern } from '../../ingest/drop/name-pattern.ts';
import { brokenMark } from '../../scans/index.ts';
import { ScanLinesBuilder } from '../../scans/scan-lines.ts';
import { SourceError } from '../../scans/source.ts';
import { RecordedDrops } from '../support/dropped.ts';
import { fuzzed, hostileBytes, hostileLine, hostileText, largeLine } from '../support/hostile-inputs.ts';
import { SmallWorld } from '../support/marks.ts';
import { temporaryFolder } from '../support/temporary.ts';

const world = new SmallWorld(1, 1);
const { registry } = world;
const ORDER = { images: new Map(), givenUp: new Set<number>(), receivedAtMs: null, trust: registry };
const LINE = { skippedDigest: null, endOffset: 0, isTerminated: true };

function linesOf(lines: readonly string[]) {
  const builder = new ScanLinesBuilder('fuzz', { imageFolder: null, plant: '06484' });
  for (const line of lines) builder.add({ ...LINE, bytes: Buffer.from(line) });
  return builder.take(lines.length);
}

const isBlank = (line: string) => line.replace(/^\u{feff}/u, '').trim() === '';

describe('any lines', () => {
  for (const [name, lines, runs] of [
    ['of any fields', fc.array(hostileLine, { maxLength: 8 }), 300],
    ['of any length', fc.tuple(largeLine), 40],
  ] as const) {
    it(`${name} have a row each, at none of which the program throws`, () => {
      fc.assert(
        fc.property(lines, (texts) => {
          const read = readScans({ ...ORDER, scans: linesOf(texts) });
          // An image is read in a process of its own first; its scan is made all the same.
          if (read === null) return;
          assert.equal(read.faults.first, null);
          assert.equal(rowsOf(read.columns), texts.filter((line) => !isBlank(line.toWellFormed())).length);
        }),
        fuzzed(runs),
      );
    });
  }

  it('leave an honest line beside them valid', async (test) => {
    const pool = createReaderPool(() => registry, 1);
    test.after(() => pool.close());
    await fc.assert(
      fc.asyncProperty(fc.array(hostileLine, { maxLength: 8 }), async (texts) => {
        const honest = JSON.stringify({ scanId: 'honest', payload: Buffer.from(world.frank()).toString('base64') });
        const { columns } = await pool.read(linesOf([...texts.filter((line) => !line.includes('image')), honest]));
        const { offsets, bytes } = columns.outcome;
        const last = rowsOf(columns) - 1;
        assert.equal(Buffer.from(bytes.subarray(offsets[last], offsets[last + 1])).toString(), 'valid');
      }),
      fuzzed(60),
    );
  });
});

describe('any sidecar and any name of a file', () => {
  const stem = fc.stringMatching(/^[\w#@ ~-]{1,40}$/).filter((text) => !text.startsWith('.'));
  const files = fc.uniqueArray(fc.tuple(stem, hostileBytes, hostileBytes), {
    minLength: 1,
    maxLength: 4,
    selector: ([name]) => name.toLowerCase(),
  });

  it('end as a scan or as refused, with nothing left in the folder', async (test) => {
    await fc.assert(
      fc.asyncProperty(files, async (offered) => {
        const { drops, scans } = await dropped(test, offered);
        assert.equal(drops.deliveries + drops.refused.length, offered.length);
        for (const { mark } of scans) assert.ok(mark.kind !== 'none' || mark.fault === undefined, JSON.stringify(mark));
      }),
      fuzzed(25),
    );
  });

  async function dropped(test: TestContext, offered: readonly (readonly [string, Buffer, Buffer])[]) {
    const folder = join(await temporaryFolder(test), 'drop');
    await mkdir(folder);
    for (const [name, image, sidecar] of offered) {
      await writeFile(join(folder, `${name}.png`), image);
      await writeFile(join(folder, `${name}.json`), sidecar);
    }
    const drops = new RecordedDrops();
    const scans: Scan[] = [];
    await drops.watch(folder, undefined, (its) => void scans.push(...its));
    return { drops, scans };
  }

  it('is told by a pattern in a time that the longest name bounds', () => {
    const literal = fc.string({ unit: fc.constantFrom('_', '-', '.', 'a', '+', '*', ')', '\\', ' '), maxLength: 5 });
    fc.assert(
      fc.property(
        literal,
        literal,
        literal,
        literal,
        fc.array(fc.constantFrom('_', '-', 'a', '.', ')'), { maxLength: 250, size: 'max' }),
        (before, first, second, behind, letters) => {
          try {
            parseNamePattern(`${before}{machine}${first}{run}${second}{sequence}${behind}`).fieldsOf(letters.join(''));
          } catch (error) {
            assert.ok(error instanceof SourceError && error.message.length < 600);
          }
        },
      ),
      fuzzed(500),
    );
    assert.throws(
      () => parseNamePattern('x'.repeat(5_000_000)),
      (error) => error instanceof SourceError && error.message.length < 600,
    );
  });
});

describe('what is said of a scan that broke something', () => {
  it('is bounded, whatever was thrown', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostileText.map((text) => new Error(text)),
          hostileText,
          fc.anything(),
        ),
        (thrown) => {
          const { detail, fault = '' } = brokenMark('scan-malformed', thrown);
          assert.ok(detail.length < 300 && fault.length <= 2_000);
        },
      ),
      fuzzed(100),
    );
  });
});
