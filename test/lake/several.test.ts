import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { indicia, jsonLines } from '../support/command-line.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { LakeWorld, OWNER } from '../support/lake.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('a lake of several partitions', () => {
  it('is asked as one, and detectors find in it what no partition can see alone', async (test) => {
    const folder = await temporaryFolder(test);
    const one = new LakeWorld(join(folder, 'one'));
    const other = new LakeWorld(join(folder, 'other'), one.lake);
    await one.setRegistry();
    await other.setRegistry();
    const payload = one.world.frank();
    for (const [index, part] of [one, other].entries()) {
      const scan = scanOf({ scanId: `copy ${index}`, mark: { kind: 'payload', payload } });
      const readings = readingColumnsOf([scan], part.world.registry);
      await (await part.recorder()).record([{ readings, source: 'test', position: '1' }]);
      if (part === one) await part.record(4);
      await part.detect();
      await part.write({ ...OWNER, partition: index });
      part.close();
    }
    const count = async (sql: string) => {
      const { stdout, stderr } = await indicia(['query', '--db', one.lake, '--format', 'csv', sql]);
      assert.equal(stderr, '');
      return stdout.split('\n')[1];
    };
    assert.equal(await count('select count(*) || $$ $$ || count(distinct row_id) from scans'), '6 6');
    assert.equal(await count("select count(*) from findings where kind = 'copy'"), '0');
    const detected = await indicia(['detect', '--db', one.lake, '--json']);
    assert.equal(detected.exitCode, 0, detected.stderr);
    const findings = await indicia(['findings', '--db', one.lake]);
    const copies = jsonLines<{ kind: string; scanIds: string[] }>(findings.stdout).filter(
      ({ kind }) => kind === 'copy',
    );
    assert.deepEqual(
      copies.map(({ scanIds }) => scanIds.toSorted()),
      [['copy 0', 'copy 1']],
    );
    assert.equal((await indicia(['doctor', '--lake', one.lake])).exitCode, 0);
  });
});
