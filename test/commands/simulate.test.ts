import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { EVERY_FRAUD, FRAUDS, ODDITIES, possibleFrauds, type TruthLine } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function namesOf(test: TestContext, ...options: readonly string[]) {
  const folder = await temporaryFolder(test);
  const { exitCode, stderr } = await indicia(['simulate', '--out', folder, '--pieces', '700', ...options]);
  assert.equal(exitCode, 0, stderr);
  const truth = jsonLines<TruthLine>(await readFile(join(folder, 'truth.ndjson'), 'utf8'));
  const frauds = new Set(truth.flatMap((line) => ('fraud' in line ? [line.fraud] : [])));
  const honest: ReadonlySet<string> = new Set(truth.flatMap((line) => ('honest' in line ? [line.honest] : [])));
  return { frauds: [...frauds].toSorted(), oddities: ODDITIES.filter((oddity) => honest.has(oddity)) };
}

describe('indicia simulate', () => {
  it('commits every fraud and plays every oddity where it is asked to', async (test) => {
    const names = await namesOf(test, '--frauds', 'every', '--oddities', 'every');
    assert.deepEqual(names, { frauds: EVERY_FRAUD.toSorted(), oddities: [...ODDITIES] });
  });

  it('commits the frauds of each day and plays no further oddity where nothing is said', async (test) => {
    assert.deepEqual(await namesOf(test), { frauds: FRAUDS.toSorted(), oddities: [] });
  });

  it('commits and plays those that are named', async (test) => {
    const names = await namesOf(test, '--frauds', 'recirculated,copy', '--oddities', 'looped,retagged');
    assert.deepEqual(names, { frauds: ['copy', 'recirculated'], oddities: ['retagged', 'looped'] });
  });

  it('leaves out what postpaid users cannot do from every fraud', async (test) => {
    const { frauds } = await namesOf(test, '--frauds', 'every', '--payment', 'postpaid');
    assert.deepEqual(frauds, possibleFrauds(EVERY_FRAUD, 'postpaid').toSorted());
    assert.ok(!frauds.includes('overspend') && !frauds.includes('omitted-descending'));
  });

  it('knows no other oddity', async () => {
    const { exitCode, stderr } = await indicia(['simulate', '--out', 'nowhere', '--oddities', 'haunted']);
    assert.deepEqual([exitCode, stderr.includes('haunted is not one of retagged')], [2, true]);
  });
});
