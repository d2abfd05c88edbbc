import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { Judge } from '../../analytics/index.ts';
import type { Finding } from '../../indicium/index.ts';
import { RED_TEAM_CASES } from '../psd-sim/red-team-cases.ts';
import { caseOf, honestAccused, innocentsNamed, type RedTeamCase, redTeamCases } from '../psd-sim/red-team-oracle.ts';
import { RED_TEAM_REGISTRY } from '../psd-sim/red-team-world.ts';
import { type Evidence, readingOf, scanOf, verdictOf } from '../support/evidence.ts';
import { findingsOf } from '../support/findings.ts';

/** What the gate answers and what the detectors find of it, scan by scan in the order in which their records came. */
async function judgedCase(test: TestContext, { scans }: RedTeamCase) {
  const judge = new Judge();
  judge.setPlants(RED_TEAM_REGISTRY.plants);
  const evidence = scans.map(({ scan: change, payload }, index): Evidence => {
    const scan = scanOf({ ...change, digest: BigInt(index) });
    const reading = readingOf(payload, RED_TEAM_REGISTRY, scan.scannedAtMs);
    return { scan, reading, verdict: verdictOf(judge, scan, reading) };
  });
  const findings: Finding[] = await findingsOf(test, evidence, RED_TEAM_REGISTRY);
  return { verdicts: evidence.map(({ verdict }) => verdict), findings };
}

async function assertJust(test: TestContext, its: RedTeamCase): Promise<void> {
  const { verdicts, findings } = await judgedCase(test, its);
  assert.deepEqual(innocentsNamed(its.truth, findings), [], 'innocents named as suspects');
  const diverted = verdicts.flatMap(({ scanId, disposition }) => (disposition === 'divert' ? [scanId] : []));
  assert.deepEqual(honestAccused(its.truth, findings, diverted), [], 'honest scans accused');
}

/** The mildest that the gate does with a scan of the thief, and what the detectors find, by the name of the attack. */
const ANSWERS: Readonly<Record<keyof typeof RED_TEAM_CASES, readonly [gate: string, kinds: readonly string[]]>> = {
  'nothing at all': ['none', []],
  'copies with the tag, at two machines of the evening': ['manual', ['doubtful-path']],
  'the same tag far away after ten minutes': ['divert', ['cloned-id']],
  'mailed again after delivery, six days later': ['divert', ['cloned-id']],
  // So few are no more than a piece that was fed again.
  'copies without ids': ['manual', []],
  'a copy whose tag no machine reads': ['manual', []],
  'a copy with the tag of a stranger': ['divert', ['copy']],
  'forged in the name of an innocent': ['divert', ['forged']],
  'signed by the thief in the name of an innocent': ['divert', ['borrowed-name']],
  'licenses that nobody gave out': ['divert', ['unknown-key']],
  // Registers are compared by the detectors, when the pieces have passed the gate.
  'own registers that stand still': ['accept', ['standing-register']],
  'own registers without the descending one': ['accept', ['omitted-descending', 'standing-register']],
  'a record of a heavier letter, with a token': ['manual', ['doubtful-path']],
  'a record of another year, with a token': ['manual', ['doubtful-path', 'future-date']],
  // Nothing tells it from the piece that was fed again: same mark, tag, plant, pass, address and weight.
  'a copy without the time of its scan': ['accept', []],
};
const GATE = ['accept', 'manual', 'divert'];

describe('whatever a thief does with copies, tags, weights, dates, forgeries and omissions', () => {
  for (const [name, moves] of Object.entries(RED_TEAM_CASES)) {
    it(`nobody else is accused: ${name}`, (test) => assertJust(test, caseOf(moves)));
  }

  it('is answered at the gate and found as told here', async (test) => {
    for (const [name, moves] of Object.entries(RED_TEAM_CASES)) {
      const its = caseOf(moves);
      const { verdicts, findings } = await judgedCase(test, its);
      const made = verdicts.filter(({ scanId }) => its.truth.fraudulent.has(scanId));
      const gate = GATE.find((one) => made.some(({ disposition }) => disposition === one)) ?? 'none';
      const kinds = [...new Set(findings.map(({ kind }) => kind))].toSorted();
      assert.deepEqual([gate, kinds], Object.entries(ANSWERS).find(([its]) => its === name)?.[1], name);
    }
  });

  it('nobody else is accused, for any moves within a budget', async (test) => {
    await fc.assert(
      fc.asyncProperty(redTeamCases(), (its) => assertJust(test, its)),
      { numRuns: 20 },
    );
  });
});
