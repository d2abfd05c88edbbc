import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { StoreReader } from '../../analytics/index.ts';
import { SCANS_PER_KEY_KEPT_MAX } from '../../analytics/limits.ts';
import { scanKeyOf } from '../../analytics/recorder/scan-key.ts';
import { UsedKey } from '../../analytics/recorder/used-key.ts';
import { type Scan, verdictAt } from '../../indicium/index.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { recorderAt } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PLANTS = ['06484', '10001', null] as const;
const world = new SmallWorld(1, 1);

/** One of a few scans: which plant sent it, under which id, with which contents. */
interface Sent {
  readonly plant: number;
  readonly id: number;
  readonly contents: number;
}

function scanNamed({ plant, id, contents }: Sent): Scan {
  return scanOf({
    plant: PLANTS[plant] ?? null,
    scanId: `M-1/${id}`,
    digest: BigInt(1 + contents + 100 * plant),
    mark: { kind: 'payload', payload: Buffer.from(`no mark ${contents}`) },
  });
}

const batchesOfScans = fc.array(
  fc.record({
    scans: fc.array(fc.record({ plant: fc.nat(2), id: fc.nat(2), contents: fc.nat(3) }), {
      minLength: 1,
      maxLength: 12,
    }),
    restarts: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('a scan id', () => {
  it('belongs to the plant that used it, whatever others send, in any order and over restarts', async (test) => {
    const folder = await temporaryFolder(test);
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(batchesOfScans, async (batches) => {
        runs += 1;
        const path = join(folder, `${runs}.duckdb`);
        const known = new Map<string, Map<number, readonly string[]>>();
        let recorder = await recorderAt(path);
        try {
          for (const [position, { scans, restarts }] of batches.entries()) {
            if (restarts) {
              recorder.close();
              recorder = await recorderAt(path);
            }
            const readings = readingColumnsOf(scans.map(scanNamed), world.registry);
            const recorded = await recorder.record({ readings, source: 'test', position: String(position) });
            const expected = scans.map((sent) => expectedOf(known, sent));
            assert.deepEqual(
              expected.map((_, row) => verdictAt(recorded.verdicts, row).reasons),
              expected.map(({ reasons }) => reasons),
            );
            assert.deepEqual(
              recorded.repeatedRows,
              expected.flatMap(({ isRepeated }, row) => (isRepeated ? [row] : [])),
            );
            assert.equal(
              recorded.reused,
              expected.filter(({ isRepeated, reasons }) => !isRepeated && reasons.includes('scan-id-reused')).length,
            );
          }
        } finally {
          recorder.close();
        }
        const rows = [...known.values()].reduce((total, contents) => total + contents.size, 0);
        const reader = await StoreReader.open(path);
        assert.equal((await Array.fromAsync(reader.verdicts())).length, rows, 'each scan once');
        reader.close();
      }),
      { numRuns: 25 },
    );
  });

  it('has one key for each pair of plant and id', () => {
    const names = fc.record({
      plant: fc.option(fc.string({ minLength: 1, maxLength: 4 })),
      scanId: fc.string({ minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(names, names, (one, other) => {
        const isSame = one.plant === other.plant && one.scanId === other.scanId;
        assert.equal(scanKeyOf(one) === scanKeyOf(other), isSame);
      }),
      { numRuns: 2_000 },
    );
    assert.notEqual(scanKeyOf({ plant: '1', scanId: '23' }), scanKeyOf({ plant: '12', scanId: '3' }));
    assert.notEqual(scanKeyOf({ plant: null, scanId: '1 x' }), scanKeyOf({ plant: 'x', scanId: '1' }));
  });

  it('that is repeated without end takes bounded memory, and what it stood for is still known', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const recorder = await recorderAt(path);
    test.after(() => recorder.close());
    const contents = Array.from({ length: 2 * SCANS_PER_KEY_KEPT_MAX + 500 }, (_, index) =>
      scanOf({
        scanId: 'stuck',
        digest: BigInt(index + 1),
        mark: { kind: 'none', reason: 'scan-incomplete', detail: '' },
      }),
    );
    const record = (scans: readonly Scan[]) =>
      recorder.record({ readings: readingColumnsOf(scans, world.registry), source: 'test', position: null });
    for (let from = 0; from < contents.length; from += 500) await record(contents.slice(from, from + 500));
    const again = await record([contents[0], contents[1_200], contents.at(-1)].flatMap((scan) => scan ?? []));
    assert.deepEqual([again.scans, again.repeated], [0, 3]);
    const used = UsedKey.ofStore();
    for (let digest = 0n; digest < 3 * SCANS_PER_KEY_KEPT_MAX; digest++)
      used.add(digest, { disposition: '', reasons: '' });
    assert.deepEqual([used.size, used.isComplete], [SCANS_PER_KEY_KEPT_MAX, false]);
  });
});

/** The model: a plant's ids, each with the contents that it stood for. */
function expectedOf(known: Map<string, Map<number, readonly string[]>>, { plant, id, contents }: Sent) {
  const key = `${plant}/${id}`;
  const earlier = known.get(key) ?? new Map<number, readonly string[]>();
  const answered = earlier.get(contents);
  const reasons = answered ?? ['unknown-version', ...(earlier.size > 0 ? ['scan-id-reused'] : [])];
  known.set(key, earlier.set(contents, reasons));
  return { isRepeated: answered !== undefined, reasons };
}
