import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Case, DETECTORS, detect, readCases, Store, StoreReader } from '../../analytics/index.ts';
import { DEFAULT_POLICY, readPolicy } from '../../analytics/judge/index.ts';
import { CASE_SUBJECTS } from '../../analytics/store/case-subjects.ts';
import type { Finding } from '../../indicium/index.ts';
import { booksOf, MORNING_MS, markOf, PSD, PSDS, seen } from '../support/books.ts';
import { type Evidence, judged, recordEvidence, scanOf } from '../support/evidence.ts';
import { findingsOf } from '../support/findings.ts';
import { BORROWED, CLAIMED, framedMail, GUILTY, type Party, POSTED, THIEF } from '../support/framing-world.ts';
import { FRAMINGS } from '../support/framings.ts';
import { packed, SmallWorld } from '../support/marks.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** The gravest first. */
const GRAVITY = ['suspect', 'unknown', 'victim'] as const;

/** In which role a kind of finding names a party; `nothing` where it does not. */
function roleOf(findings: readonly Finding[], kind: string, { license, psd }: Party): string {
  const its = findings.filter((one) => one.kind === kind && (one.license === license || one.psd === psd));
  return GRAVITY.find((role) => its.some((one) => one.role === role)) ?? 'nothing';
}

describe('somebody who wants a stranger to be named gets no further than the table of docs/DETECTORS.md says', () => {
  for (const [kind, framing] of Object.entries(FRAMINGS)) {
    it(kind, async (test) => {
      const { evidence, registry } = framedMail(framing);
      const findings = await findingsOf(test, evidence, registry);
      assert.deepEqual(
        [POSTED, CLAIMED, BORROWED].map((victim) => roleOf(findings, kind, victim)),
        [framing.mail, framing.token, framing.psd],
        'by mail, by a token of a plant, by a PSD',
      );
      // The same marks do speak when the one they name has signed them, or else the lines above say nothing.
      const committer = kind === 'borrowed-name' ? THIEF : GUILTY;
      const role = CASE_SUBJECTS[kind]?.role ?? 'unknown';
      const isOfPlant = CASE_SUBJECTS[kind]?.subject === 'plant';
      if (role !== 'victim' && !isOfPlant)
        assert.equal(roleOf(findings, kind, committer), role, 'of the one who commits it');
    });
  }

  it('has a line for every detector', () => {
    assert.deepEqual(Object.keys(FRAMINGS), DETECTORS.map(({ name }) => name).toSorted());
  });
});

/** What is found, and the cases of it, in evidence over a registry of two licenses. */
async function lookedAt(
  test: TestContext,
  evidence: readonly Evidence[],
  policy = DEFAULT_POLICY,
): Promise<{ cases: Case[]; findings: Finding[] }> {
  const path = join(await temporaryFolder(test), 'store.duckdb');
  const store = await Store.open(path);
  await store.setRegistry(booksOf());
  await recordEvidence(store, evidence, 'ndjson:/data/scans.ndjson', null);
  await detect(store, policy);
  store.close();
  const reader = await StoreReader.open(path);
  const [cases, findings] = [await Array.fromAsync(readCases(reader)), await Array.fromAsync(reader.findings())];
  reader.close();
  return { cases, findings };
}

const OUTSIDER_KINDS = Object.keys(CASE_SUBJECTS).filter((kind) => CASE_SUBJECTS[kind]?.subject === 'maker');

describe('marks that strangers made up', () => {
  it('in the name of 300 licenses that do not exist are one case, of their maker', async (test) => {
    const letters = Array.from({ length: 300 }, (_, index) =>
      seen(markOf({ license: 500_000 + index, psd: `99-XX-${index}`, keyId: 7_000 + index }), {}, 'unknown-key'),
    );
    const { cases } = await lookedAt(test, letters);
    assert.deepEqual(
      cases.map(({ caseId, role, findings, scans, license, psd }) => ({ caseId, role, findings, scans, license, psd })),
      [{ caseId: 'forgery/06484/2026-11-20', role: 'victim', findings: 300, scans: 300, license: null, psd: null }],
    );
    assert.equal(cases[0]?.score, 40);
  });

  it('in the name of one customer make no critical case about him, however many they are', async (test) => {
    const letters = Array.from({ length: 256 }, (_, index) =>
      seen(markOf({ pieceCount: BigInt(index + 1) }), {}, 'forged'),
    );
    const { cases, findings } = await lookedAt(test, letters);
    assert.deepEqual(
      cases.map(({ caseId, severity, score, role }) => [caseId, severity, score, role]),
      [['forgery/06484/2026-11-20', 'medium', 40, 'victim']],
    );
    assert.deepEqual(
      findings.map(({ kind, severity, role, psd }) => [kind, severity, role, psd]),
      [['forged', 'medium', 'victim', PSD]],
    );
  });

  it('are apart by the plant and the day that they came in at, and by their source where no plant is named', async (test) => {
    const nextDay = { plant: 'P2', scannedAtMs: MORNING_MS + 86_400_000 };
    const { cases } = await lookedAt(test, [
      seen(markOf(), { plant: 'P1' }, 'forged'),
      seen(markOf({ psd: PSDS[1] ?? '' }), { plant: 'P1' }, 'suite-mismatch'),
      seen(markOf(), nextDay, 'forged'),
      seen(markOf(), { plant: null, scannedAtMs: null, sender: '0123456789ab' }, 'unknown-key'),
      seen(markOf(), { plant: null, scannedAtMs: null }, 'key-mismatch'),
    ]);
    assert.deepEqual(
      cases.map(({ caseId, kinds }) => [caseId, ...kinds]).toSorted(),
      [
        ['forgery/0123456789ab/undated', 'unknown-key'],
        ['forgery/P1/2026-11-20', 'forged', 'suite-mismatch'],
        ['forgery/P2/2026-11-21', 'forged'],
        ['forgery/ndjson:/data/scans.ndjson/undated', 'cross-key'],
      ].toSorted(),
    );
  });

  it('score what the policy lets them at most', async (test) => {
    const letters = [1n, 2n].map((pieceCount) => seen(markOf({ pieceCount }), {}, 'forged'));
    const path = join(await temporaryFolder(test), 'policy.json');
    for (const [outsiderScoreMax, score] of [
      [7, 7],
      [30, 30],
      [1_000, 30],
    ] as const) {
      await writeFile(path, JSON.stringify({ version: 9, outsiderScoreMax }));
      const { cases } = await lookedAt(test, letters, readPolicy(path));
      assert.deepEqual(
        cases.map((one) => one.score),
        [score],
        `at most ${outsiderScoreMax}`,
      );
    }
  });

  it('do not lower what else is known of the customer whom they name', async (test) => {
    const fork = [730, 1_010].map((postageMills) => seen(markOf({ postageMills }), {}));
    const { cases } = await lookedAt(test, [...fork, seen(markOf(), {}, 'forged')]);
    assert.deepEqual(
      cases.map(({ caseId, role }) => [caseId, role]),
      [
        [`psd/${PSD}`, 'suspect'],
        ['forgery/06484/2026-11-20', 'victim'],
      ],
    );
    assert.ok((cases[0]?.score ?? 0) >= 200);
  });

  for (const kind of OUTSIDER_KINDS) {
    it(`never have a severity beyond medium: ${kind}`, async (test) => {
      const { evidence, registry } = framedMail(FRAMINGS[kind] ?? assert.fail(kind));
      const its = (await findingsOf(test, evidence, registry)).filter((one) => one.kind === kind);
      assert.deepEqual(new Set(its.map(({ severity }) => severity)), new Set(['medium']));
    });
  }
});

describe('a mark in the name of somebody else', () => {
  it('signed by a key of another PSD names that PSD and its license, and says who the victim is', async (test) => {
    const { evidence, registry } = framedMail(FRAMINGS['borrowed-name'] ?? assert.fail());
    const its = (await findingsOf(test, evidence, registry)).filter(({ kind }) => kind === 'borrowed-name');
    assert.deepEqual(
      its.map(({ license, psd, role, severity }) => ({ license, psd, role, severity })),
      [{ license: THIEF.license, psd: THIEF.psd, role: 'suspect', severity: 'critical' }],
    );
    assert.match(its[0]?.detail ?? '', new RegExp(`in the name of license ${BORROWED.license} on PSD ${BORROWED.psd}`));
    const scan = evidence.find(({ reading }) => reading.outcome === 'borrowed-name');
    assert.deepEqual(scan?.verdict.reasons, ['borrowed-name']);
    assert.equal(scan?.verdict.disposition, 'divert');
  });

  it('under a key that was certified for it by mistake names the PSD that has it, and not the one of the license', async (test) => {
    const world = new SmallWorld(2, 2);
    const grants = world.records.grants.filter(({ psd, license }) => psd === '06-2S-0' || license === 1001);
    const registry = packed({ ...world.records, grants });
    const evidence = judged([{ payload: world.frank(0, 0) }, { payload: world.frank(1, 0) }], registry);
    const { kind, license, psd, role } = (await findingsOf(test, evidence, registry))[0] ?? assert.fail();
    assert.deepEqual(
      { kind, license, psd, role },
      { kind: 'ungranted-psd', license: 1000, psd: '06-2S-1', role: 'suspect' },
    );
    assert.equal(CASE_SUBJECTS[kind]?.subject, 'psd', 'a case of that PSD');
  });

  it('stays a case of the PSD that signed, on any day and at any plant', async (test) => {
    const signer = { license: 1001, psd: PSDS[1] ?? '' };
    const letters = ['P1', 'P2'].map((plant, day): Evidence => {
      const evidence = seen(markOf(), { plant, scannedAtMs: MORNING_MS + day * 86_400_000 }, 'borrowed-name');
      return { ...evidence, reading: { ...evidence.reading, signer } };
    });
    const { cases } = await lookedAt(test, letters);
    assert.deepEqual(
      cases.map(({ caseId, license, psd, role, scans }) => ({ caseId, license, psd, role, scans })),
      [{ caseId: `psd/${signer.psd}`, ...signer, role: 'suspect', scans: 2 }],
    );
  });
});

it('several plants whose words alone a finding rests on make nobody a suspect', async (test) => {
  const heavy = ['P1', 'P2'].map((plant, index) => {
    const ascendingMills = 730 * (index + 1);
    const registers = { ascendingMills, descendingMills: 50_000 - ascendingMills };
    return seen(markOf({ pieceCount: BigInt(index + 1), ...registers }), { ...scanOf({ plant }), weightGrams: 500 });
  });
  const rates = [{ rateCategory: 101, weightGramsMax: 20, postageMills: 730, validFromMs: 0, validToMs: 8.64e15 }];
  const [finding] = await findingsOf(test, heavy, booksOf({ rates }));
  assert.deepEqual([finding?.kind, finding?.wordOf, finding?.role], ['short-postage', null, 'unknown']);
});
