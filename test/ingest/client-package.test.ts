import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { accepted, answerJson, scriptedServer } from '../support/scripted-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = `
import { connect } from 'indicia/client';
const sorter = connect(process.argv[2], { token: 'secret', deadlineMs: 80 });
const outcome = await sorter.verdict({ scanId: 'DBCS-12/1', payload: Buffer.from('mark') });
console.log('code' in outcome ? outcome.code : outcome.disposition);
sorter.close();
`;

describe('indicia/client', () => {
  it('is imported by a program of another package, linked as npm does it', async (test) => {
    const folder = await temporaryFolder(test);
    await mkdir(join(folder, 'node_modules'));
    await symlink(ROOT, join(folder, 'node_modules/indicia'));
    await writeFile(join(folder, 'sorter.mjs'), PROGRAM);
    const seen: (string | undefined)[] = [];
    const base = await scriptedServer(test, (request, response) => {
      seen.push(request.headers.authorization);
      answerJson(response, accepted('DBCS-12/1'));
    });
    const { stdout } = await promisify(execFile)(process.execPath, ['sorter.mjs', base], { cwd: folder });
    assert.equal(stdout, 'accept\n');
    assert.deepEqual(seen, ['Bearer secret']);
  });
});
