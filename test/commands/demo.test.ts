import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FRAUDS } from '../../psd-sim/index.ts';
import { indicia } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('the demo', () => {
  it('finds every injected fraud, accuses nobody, and tells one of them', async (test) => {
    const out = join(await temporaryFolder(test), 'demo');
    const { stdout, stderr, exitCode } = await indicia(['demo', '--pieces', '420', '--seed', '4', '--out', out]);
    assert.equal(exitCode, 0, stderr);
    for (const fraud of FRAUDS) assert.match(stdout, new RegExp(`${fraud} +1 of 1 found`));
    assert.match(stdout, /false accusations +0\n/);
    const smudged = stdout.match(/smudged marks +(\d+) of (\d+) sent to manual/);
    assert.ok(smudged !== null && smudged[1] === smudged[2]);
    const [, scans, accepted, diverted, manual] =
      stdout.match(/(\d+) scans = (\d+) accepted \+ (\d+) diverted \+ (\d+) manual/) ?? [];
    assert.equal(Number(scans), Number(accepted) + Number(diverted) + Number(manual));
    assert.match(stdout, /ONE OF THEM: copy\n.*franked piece \d+ under license \d+ /);
    assert.equal(stdout.match(/picture: /g)?.length, 2);
    assert.match(stdout, /NEXT\n/);
    const again = await indicia(['demo', '--pieces', '400', '--out', out]);
    assert.equal(again.exitCode, 0, 'an earlier demo is replaced');
  });

  it('leaves a folder alone that is not its own', async (test) => {
    const out = join(await temporaryFolder(test), 'precious');
    await mkdir(out);
    await writeFile(join(out, 'novel.txt'), 'once upon a time');
    const { exitCode, stderr } = await indicia(['demo', '--out', out]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /holds no earlier demo/);
  });
});
