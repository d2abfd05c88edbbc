import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseIndicium } from '../../indicium/index.ts';
import { type FraudLine, type FraudName, partsIn, type Role, simulate, type TruthLine } from '../../psd-sim/index.ts';
import { EVERY_FRAUD, FRAUDS, type Scenario } from '../../psd-sim/scenario.ts';
import { jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SCENARIO: Omit<Scenario, 'frauds'> = {
  seed: 41,
  pieces: 700,
  psds: 12,
  licenses: 8,
  images: 'none',
  dayMs: Date.UTC(2026, 10, 20),
};

function named(fraud: FraudName): FraudLine {
  return { fraud, scanIds: ['a'], license: 1, psd: 'p' };
}

/** What the truth calls the license and the PSD that a fraud bears the name of. */
function rolesOf(fraud: FraudName): readonly (Role | undefined)[] {
  const parts = partsIn(named(fraud));
  const of = (isIt: (part: (typeof parts)[number]) => boolean) => parts.find(isIt)?.role;
  return [of(({ license }) => license === 1), of(({ psd }) => psd === 'p')];
}

describe('the part of a license and its PSD in a fraud', () => {
  it('is unknown where anyone who posts mail can do it', () => {
    for (const fraud of ['copy', 'copy-far', 'altered', 'cloned-tag', 'recirculated', 'placeholder-id'] as const) {
      assert.deepEqual(rolesOf(fraud), ['unknown', 'unknown'], fraud);
    }
  });

  it('is that of a victim where others sign, or claim, in their name', () => {
    for (const fraud of ['forged', 'cross-key', 'framing-forged', 'framing-cross-key', 'backdated-scan'] as const) {
      assert.deepEqual(rolesOf(fraud), ['victim', 'victim'], fraud);
    }
  });

  it('differs where a license was copied into the PSD of somebody else', () => {
    assert.deepEqual(rolesOf('ungranted-psd'), ['victim', 'suspect']);
  });

  it('is that of a suspect in all others', () => {
    const suspected = EVERY_FRAUD.filter((fraud) => rolesOf(fraud).every((role) => role === 'suspect'));
    assert.equal(suspected.length, 17);
    for (const fraud of ['fork', 'overspend', 'standing-register', 'omitted-descending'] as const) {
      assert.ok(suspected.includes(fraud), fraud);
    }
  });

  it('is told of the thief, too, whose key signed in the name of another', async (test) => {
    const folder = await temporaryFolder(test);
    const { truth } = await simulate({ ...SCENARIO, frauds: ['cross-key'] }, folder);
    const text = async (name: string) => readFile(join(folder, name), 'utf8');
    const keys = jsonLines<{ keyId: number; license: number; psd: string }>(await text('registry/keys.ndjson'));
    const scans = jsonLines<{ scanId: string; payload: string }>(await text('scans.ndjson'));
    const frauds = truth.filter((line) => 'fraud' in line);
    assert.equal(frauds.length, 1);
    for (const line of frauds) {
      const scan = scans.find(({ scanId }) => scanId === line.scanIds[0]);
      const parsed = parseIndicium(Buffer.from(scan?.payload ?? '', 'base64'));
      assert.ok('indicium' in parsed);
      const thief = keys.find(({ keyId }) => keyId === parsed.indicium.keyId);
      const suspects = partsIn(line).filter(({ role }) => role === 'suspect');
      assert.deepEqual(suspects, [{ role: 'suspect', license: thief?.license, psd: thief?.psd }]);
    }
  });

  it('is written where a day holds more than the frauds of each day', async (test) => {
    const written = async (frauds: readonly FraudName[]) => {
      const folder = await temporaryFolder(test);
      const { truth } = await simulate({ ...SCENARIO, frauds }, folder);
      const lines = jsonLines<TruthLine>(await readFile(join(folder, 'truth.ndjson'), 'utf8'));
      const parts = (of: readonly TruthLine[]) => of.flatMap((line) => ('fraud' in line ? [line.parts] : []));
      return { written: parts(lines), known: parts(truth) };
    };
    const daily = await written(FRAUDS);
    assert.ok(daily.written.every((parts) => parts === undefined) && daily.known.every((parts) => parts !== undefined));
    const further = await written(['fork', 'recirculated']);
    assert.deepEqual(further.written, further.known);
  });
});
