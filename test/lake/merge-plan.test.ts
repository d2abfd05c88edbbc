import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { emptyManifest, type LakeFile, type Manifest } from '../../analytics/store/lake/manifest.ts';
import { MERGE_LIMITS, nextMerge } from '../../analytics/store/lake/merge-plan.ts';

let names = 0;

function fileOf(rows: number, day = '2026-11-20', schemaVersion = 6): LakeFile {
  names += 1;
  const path = `evidence/day=${day}/partition=0000/v${names}.parquet`;
  return { path, bytes: rows, sha256: '', rows, schemaVersion, firstRow: 1n, lastRow: 1n };
}

function lakeOf(files: readonly LakeFile[]): Manifest {
  return { ...emptyManifest(0), tables: { evidence: { seal: null, files } } };
}

/** Merges as long as there is something to merge; gives the files, and rows that were written again. */
function merged(files: readonly LakeFile[]): { readonly files: readonly LakeFile[]; readonly rewritten: number } {
  let left = files;
  let rewritten = 0;
  for (let merge = nextMerge(lakeOf(left)); merge !== null; merge = nextMerge(lakeOf(left))) {
    const { files: chosen, day = null, schemaVersion } = merge;
    const rows = chosen.reduce((sum, file) => sum + file.rows, 0);
    rewritten += rows;
    left = [...left.filter((file) => !chosen.includes(file)), fileOf(rows, day ?? '', schemaVersion)];
  }
  return { files: left, rewritten };
}

describe('small files of a lake', () => {
  it('stay few, and their rows are written again a few times only, however many come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 50, max: 600 }), (rows, writes) => {
        let files: readonly LakeFile[] = [];
        let rewritten = 0;
        for (let write = 0; write < writes; write++) {
          const after = merged([...files, fileOf(rows)]);
          files = after.files;
          rewritten += after.rewritten;
        }
        const whole = Math.ceil((rows * writes) / (MERGE_LIMITS.fullRows / 2));
        // Sizes differ by a factor of eight: a million rows have seven.
        assert.ok(files.length <= whole + 7 * (MERGE_LIMITS.filesMax - 1), `${files.length} files`);
        assert.ok(rewritten <= 6 * rows * writes, `each row was written again ${rewritten / rows / writes} times`);
        assert.equal(
          files.reduce((sum, file) => sum + file.rows, 0),
          rows * writes,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('of a day that is over become one, unless what came late is too little to be worth it', () => {
    const over = [fileOf(300_000), fileOf(60_000), fileOf(500)];
    assert.deepEqual(nextMerge(lakeOf(over)), null, 'the day goes on');
    const today = fileOf(10, '2026-11-21');
    assert.deepEqual(nextMerge(lakeOf([...over, today]))?.files, over);
    assert.equal(nextMerge(lakeOf([fileOf(400_000), fileOf(10), fileOf(10), today])), null);
  });

  it('are not mixed with those of another version of the schema, whose columns are others', () => {
    const [older, newer] = [6, 7].map((version) =>
      Array.from({ length: 10 }, () => fileOf(100, '2026-11-20', version)),
    );
    assert.equal(nextMerge(lakeOf([...(older ?? []), ...(newer ?? [])])), null);
    const more = Array.from({ length: 6 }, () => fileOf(100));
    const merge = nextMerge(lakeOf([...(older ?? []), ...(newer ?? []), ...more]));
    assert.equal(merge?.schemaVersion, 6);
    assert.equal(merge?.files.length, 16);
  });
});
