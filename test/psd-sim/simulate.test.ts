import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { FRAUDS, type Scenario, ScenarioError, score, simulate, type TruthLine } from '../../psd-sim/index.ts';
import { jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SCENARIO: Scenario = {
  seed: 11,
  pieces: 400,
  psds: 12,
  licenses: 8,
  frauds: FRAUDS,
  images: 'none',
  dayMs: Date.UTC(2026, 10, 20),
};

interface ScanLine {
  readonly scanId: string;
  readonly scannedAt: string;
  readonly mailpieceId: string;
  readonly payload: string;
}

async function simulated(test: TestContext, change: Partial<Scenario> = {}): Promise<string> {
  const folder = await temporaryFolder(test);
  await simulate({ ...SCENARIO, ...change }, folder);
  return folder;
}

/** Every file below a folder, by its path. */
async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = new Map<string, Buffer>();
  for (const path of paths.toSorted()) files.set(relative(folder, path), await readFile(path));
  return files;
}

async function linesOf<Line>(folder: string, file: string): Promise<Line[]> {
  return jsonLines<Line>(await readFile(join(folder, file), 'utf8'));
}

describe('a simulated day', () => {
  it('is the same again with the same seed, byte for byte: registry, scans, truth and what hosts keep', async (test) => {
    const [one, two] = [await filesOf(await simulated(test)), await filesOf(await simulated(test))];
    assert.deepEqual([...one.keys()], [...two.keys()]);
    for (const expected of [
      'registry/trust-list.json',
      'registry/certificates.ndjson',
      'scans.ndjson',
      'truth.ndjson',
    ]) {
      assert.ok(one.has(expected), expected);
    }
    assert.ok([...one.keys()].some((name) => name.startsWith('hosts/')));
    for (const [name, bytes] of one) assert.ok(two.get(name)?.equals(bytes), name);
  });

  it('has the same pictures again, on as many threads as there are', async (test) => {
    const change = { pieces: 60, frauds: [], images: 'mixed' } as const;
    const [one, two] = [await filesOf(await simulated(test, change)), await filesOf(await simulated(test, change))];
    for (const [name, bytes] of one) assert.ok(two.get(name)?.equals(bytes), name);
  });

  it('is another one with another seed', async (test) => {
    const [one, two] = [await simulated(test), await simulated(test, { seed: 12 })];
    assert.notDeepEqual(await readFile(join(one, 'truth.ndjson')), await readFile(join(two, 'truth.ndjson')));
  });

  it('has every fraud that was asked for, mixed, with all its scans', async (test) => {
    const folder = await simulated(test);
    const truth = await linesOf<TruthLine>(folder, 'truth.ndjson');
    const scanIds = new Set((await linesOf<ScanLine>(folder, 'scans.ndjson')).map((scan) => scan.scanId));
    const named = truth.flatMap((line) => ('fraud' in line ? [line.fraud] : []));
    assert.deepEqual([...new Set(named)].toSorted(), FRAUDS.toSorted());
    for (const line of truth) {
      assert.ok(line.scanIds.length > 0 && line.scanIds.every((scanId) => scanIds.has(scanId)));
    }
    const guilty = truth.flatMap((line) => ('fraud' in line ? line.scanIds : []));
    assert.equal(new Set(guilty).size, guilty.length, 'no scan is part of two frauds');
  });

  it('has honest oddities: re-scans, resent and late scans', async (test) => {
    const folder = await simulated(test, { frauds: [] });
    const scans = await linesOf<ScanLine>(folder, 'scans.ndjson');
    const honest = (await linesOf<TruthLine>(folder, 'truth.ndjson')).flatMap((line) =>
      'honest' in line ? [line] : [],
    );
    const of = (kind: string) => honest.filter((line) => line.honest === kind).flatMap((line) => line.scanIds);
    const linesWith = (scanId: string) => scans.filter((scan) => scan.scanId === scanId);
    for (const scanId of of('resent')) {
      const [first, second] = linesWith(scanId);
      assert.deepEqual(first, second, scanId);
    }
    for (const { scanIds } of honest.filter((line) => line.honest === 'rescan')) {
      assert.ok(scanIds.length === 2 || scanIds.length === 3, 'origin, perhaps transit, destination');
      assert.equal(new Set(scanIds.flatMap(linesWith).map((scan) => scan.mailpieceId)).size, 1);
    }
    for (const scanId of of('late')) {
      const at = scans.findIndex((scan) => scan.scanId === scanId);
      const overtaken = scans.slice(0, at).filter((scan) => scan.scannedAt > (scans[at]?.scannedAt ?? ''));
      assert.ok(overtaken.length > 10, `${scanId} is not late`);
    }
  });

  it('gives each scan a picture: grey PNG crops and JPEG faces', async (test) => {
    const folder = await simulated(test, { pieces: 30, frauds: [], images: 'mixed' });
    const images = await readdir(join(folder, 'images'));
    const scans = await linesOf<ScanLine>(folder, 'scans.ndjson');
    assert.equal(images.length, new Set(scans.map((scan) => scan.scanId)).size);
    const faces = images.filter((name) => name.endsWith('.jpg')).length;
    assert.equal(faces, Math.floor(images.length / 3));
  });

  it('refuses frauds that its pieces or PSDs do not suffice for', async (test) => {
    const folder = await temporaryFolder(test);
    const few = { ...SCENARIO, pieces: 3, psds: 1, licenses: 1 };
    for (const fraud of ['fork', 'cross-key', 'altered'] as const) {
      await assert.rejects(simulate({ ...few, frauds: [fraud] }, folder), ScenarioError, fraud);
    }
  });
});

describe('scoring an answer against the truth', () => {
  const truth: TruthLine[] = [
    { fraud: 'copy', scanIds: ['a', 'b'], license: 1, psd: 'p' },
    { fraud: 'altered', scanIds: ['c'], license: 1, psd: 'p' },
    { honest: 'rescan', scanIds: ['d', 'e'] },
  ];

  it('finds a fraud only when findings of its kind name every scan of it', () => {
    const findings = [
      { kind: 'copy', scanIds: ['a'] },
      { kind: 'fork', scanIds: ['b'] },
      { kind: 'forged', scanIds: ['c'] },
    ];
    const { found, missed } = score(truth, { findings, verdicts: [] });
    assert.deepEqual([found, missed], [[truth[1]], [truth[0]]]);
  });

  it('counts honest scans that are accused by a finding or diverted, but not those sent to manual', () => {
    const { falselyAccused } = score(truth, {
      findings: [{ kind: 'copy', scanIds: ['a', 'd'] }],
      verdicts: [
        { scanId: 'e', disposition: 'divert' },
        { scanId: 'f', disposition: 'manual' },
      ],
    });
    assert.deepEqual(falselyAccused.toSorted(), ['d', 'e']);
  });
});
