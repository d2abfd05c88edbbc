import assert from 'node:assert/strict';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { noteMeasurement } from '../../benchmarks/measurements.ts';
import { MEASUREMENTS_VARIABLE } from '../../commands/bench/measurements-variable.ts';
import { measuredIn, type Results, readResults, writeResults } from '../../commands/bench/results-file.ts';
import { indicia } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const RESULTS: Results = {
  format: 'indicia-bench-1',
  startedAt: '2026-11-20T09:00:00.000Z',
  commit: null,
  machine: { processors: 2, model: 'any', memoryBytes: 1, system: 'Linux 6' },
  versions: { node: '26.10.0' },
  measurements: [
    { benchmark: 'run', name: 'ratio', unit: 'ratio', better: 'higher', isPaired: true, samples: [0.7, 0.71] },
  ],
};

describe('a file of results', () => {
  it('is read as it was written', async (test) => {
    const path = join(await temporaryFolder(test), 'results.json');
    writeResults(path, RESULTS);
    assert.deepEqual(readResults(path), RESULTS);
  });

  it('is not begun where it cannot be ended', async (test) => {
    const folder = await temporaryFolder(test);
    // A folder stands in its place.
    assert.throws(() => writeResults(folder, RESULTS), new RegExp(`^ResultsError: ${folder}: `));
    assert.deepEqual(await readdir(folder), []);
    assert.deepEqual(
      (await readdir(join(folder, '..'))).filter((name) => name.endsWith('.partial')),
      [],
    );
  });

  it('leaves what was there where the disk is full', async (test) => {
    const folder = await temporaryFolder(test);
    const path = join(folder, 'results.json');
    writeResults(path, RESULTS);
    // Every write to it fails for want of room.
    await symlink('/dev/full', `${path}.partial`);
    assert.throws(
      () => writeResults(path, { ...RESULTS, commit: 'another' }),
      /^ResultsError: .*results\.json: ENOSPC/,
    );
    assert.deepEqual(readResults(path), RESULTS);
    assert.deepEqual(await readdir(folder), ['results.json']);
  });

  for (const [what, text] of [
    ['no JSON', '{"format":'],
    ['another kind of file', '{"format":"indicia-bench-1","measurements":[{"samples":"many"}]}'],
  ] as const) {
    it(`is refused by its name when it is ${what}`, async (test) => {
      const path = join(await temporaryFolder(test), 'old.json');
      await writeFile(path, text);
      assert.throws(() => readResults(path), new RegExp(`^ResultsError: ${path}: `));
      const { exitCode, stderr } = await indicia(['bench', 'verify', '--compare', path]);
      assert.equal(exitCode, 2);
      assert.match(stderr, /old\.json/);
    });
  }

  it('has the figures that a benchmark wrote, a line each', () => {
    const { benchmark: _, ...figure } = { ...RESULTS.measurements[0], benchmark: '' };
    assert.deepEqual(measuredIn('run', `${JSON.stringify(figure)}\n`), RESULTS.measurements);
    assert.throws(() => measuredIn('run', '{"name":1}\n'));
  });
});

describe('the results that are kept', () => {
  it('can be compared with', async () => {
    const folder = new URL('../../benchmarks/results/', import.meta.url);
    const files = await readdir(folder);
    assert.ok(files.includes('0.2.0.json'));
    for (const file of files) {
      const { measurements, commit } = readResults(new URL(file, folder).pathname);
      assert.ok(commit !== null && measurements.some(({ isPaired }) => isPaired), file);
    }
  });
});

describe('indicia bench', () => {
  it('names the benchmarks there are where one is unknown', async () => {
    const { exitCode, stderr } = await indicia(['bench', 'verifi']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /no benchmark verifi; there are .*end-to-end.*, verify/);
  });

  it('reads what benchmarks write where its variable says', async (test) => {
    const path = join(await temporaryFolder(test), 'measurements.ndjson');
    process.env[MEASUREMENTS_VARIABLE] = path;
    test.after(() => {
      delete process.env[MEASUREMENTS_VARIABLE];
    });
    const { benchmark, ...figure } = RESULTS.measurements[0] ?? assert.fail('no figure');
    noteMeasurement(figure);
    noteMeasurement(figure);
    const both = [
      { benchmark, ...figure },
      { benchmark, ...figure },
    ];
    assert.deepEqual(measuredIn(benchmark, await readFile(path, 'utf8')), both);
  });
});
