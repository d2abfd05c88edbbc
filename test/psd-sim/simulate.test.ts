import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type Answer,
  EVERY_FRAUD,
  FRAUDS,
  type Scenario,
  ScenarioError,
  score,
  simulate,
  type TruthLine,
} from '../../psd-sim/index.ts';
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

/** The frauds of a day before there were further ones, in the order in which they are committed. */
const DAILY_FRAUDS = EVERY_FRAUD.slice(0, 21);

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

  it('keeps its bytes by seed, whatever else a day can be asked for', async (test) => {
    for (const [change, digest] of [
      [{ frauds: DAILY_FRAUDS }, '3e23f67cb0454410e8f6f2b6d0138d9817b626e44ba722e60edf3002d4a0f794'],
      [{ frauds: [] }, '4f1676524d9b3df5547c367649f2a237a84d76789bf24e582d9782dd99676449'],
      [{ frauds: ['copy'], payment: 'postpaid' }, 'bbf022cced1c1d4db50e26052cbffd418890fc9379bca13570102cbfc9e62400'],
    ] as const) {
      const hash = createHash('sha256');
      for (const [name, bytes] of await filesOf(await simulated(test, change))) hash.update(name).update(bytes);
      assert.equal(hash.digest('hex'), digest, JSON.stringify(change));
    }
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

  it('finds a fraud that only a review can answer by the reason of its verdicts', () => {
    const backdated: TruthLine = { fraud: 'backdated-scan', scanIds: ['a', 'b'], license: 1, psd: 'p' };
    const review = { disposition: 'manual', reasons: ['valid-but-revoked-key'] };
    const found = (scanIds: readonly string[]) => {
      const verdicts = scanIds.map((scanId) => ({ scanId, ...review }));
      return score([backdated], { findings: [], verdicts }).found;
    };
    assert.deepEqual([found(['a', 'b']), found(['a'])], [[backdated], []]);
    const other = { kind: 'valid-but-revoked-key', scanIds: ['a', 'b'] };
    assert.deepEqual(score([backdated], { findings: [other], verdicts: [] }).found, []);
    const copied = ['a', 'b'].map((scanId) => ({ scanId, disposition: 'divert', reasons: ['copy'] }));
    assert.deepEqual(score(truth, { findings: [], verdicts: copied }).found, [], 'a reason is not a finding');
  });
});

describe('innocents named as suspects', () => {
  const truth: TruthLine[] = [
    { fraud: 'fork', scanIds: ['a'], license: 1, psd: 'p1' },
    { fraud: 'forged', scanIds: ['b'], license: 2, psd: 'p2' },
    { fraud: 'ungranted-psd', scanIds: ['c'], license: 3, psd: 'p3' },
    {
      fraud: 'framing-cross-key',
      scanIds: ['d'],
      license: 4,
      psd: 'p4',
      parts: [
        { role: 'victim', license: 4, psd: 'p4' },
        { role: 'suspect', license: 5, psd: 'p5' },
      ],
    },
  ];
  const named = (findings: Answer['findings'], cases: Answer['cases'] = []) => {
    return score(truth, { findings, cases, verdicts: [] }).innocentsAsSuspects;
  };
  const finding = { kind: 'any', scanIds: ['a'] };

  it('are those that no truth names as suspect, each once', () => {
    const suspects = [1, 2, 2, 3, 4, 5, 6].map((number) => {
      return { ...finding, license: number, psd: `p${number}`, role: 'suspect' };
    });
    assert.deepEqual(named(suspects), [
      'license/2',
      'license/3',
      'license/4',
      'license/6',
      'psd/p2',
      'psd/p4',
      'psd/p6',
    ]);
  });

  it('are not those that are named as victims or with an unknown part', () => {
    for (const role of ['victim', 'unknown'])
      assert.deepEqual(named([{ ...finding, license: 2, psd: 'p2', role }]), []);
  });

  it('are named by a finding without a role, but not by one that only informs', () => {
    assert.deepEqual(named([{ ...finding, license: 2, psd: null }]), ['license/2']);
    assert.deepEqual(named([{ ...finding, license: 2, psd: null, severity: 'information' }]), []);
    assert.deepEqual(named([finding]), [], 'nobody is suspected without being named');
  });

  it('are named by a case only where it says that they are suspect', () => {
    const about = { license: 6, psd: null };
    assert.deepEqual(named([], [about, { ...about, role: 'victim' }]), []);
    assert.deepEqual(named([], [{ ...about, role: 'suspect' }]), ['license/6']);
  });
});

describe('the share of a fraud that is answered before the divert gate', () => {
  it('is that of its scans which are diverted or put before a person, each counted once', () => {
    const truth: TruthLine[] = [
      { fraud: 'copy', scanIds: ['a', 'b', 'c'], license: 1, psd: 'p' },
      { honest: 'rescan', scanIds: ['d'] },
    ];
    const verdicts = [
      { scanId: 'a', disposition: 'accept' },
      { scanId: 'b', disposition: 'divert' },
      { scanId: 'b', disposition: 'divert' },
      { scanId: 'c', disposition: 'manual' },
      { scanId: 'd', disposition: 'manual' },
    ];
    assert.deepEqual(score(truth, { findings: [], verdicts }).beforeGate, { scans: 3, answered: 2 });
  });
});
