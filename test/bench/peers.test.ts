import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findCommands } from '../../benchmarks/decode-peers.ts';
import { opensslSpeed } from '../../benchmarks/openssl-speed.ts';
import { indicia } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('a benchmark whose peer is not installed', () => {
  it('names the readers of symbols that it leaves out', async (test) => {
    const folder = await temporaryFolder(test);
    assert.deepEqual(findCommands(folder), {
      installed: [],
      missing: ['libdmtx (dmtxread)', 'ZXing-C++ (ZXingReader)'],
    });
    await writeFile(join(folder, 'dmtxread'), '');
    await chmod(join(folder, 'dmtxread'), 0o755);
    const { installed, missing } = findCommands(`/nowhere:${folder}`);
    assert.deepEqual(
      installed.map(({ command }) => command),
      ['dmtxread'],
    );
    assert.deepEqual(missing, ['ZXing-C++ (ZXingReader)']);
  });

  it('says that there is no openssl', async (test) => {
    const PATH = await temporaryFolder(test);
    assert.deepEqual(opensslSpeed({ PATH }), ['openssl speed', 'not installed']);
  });

  it('goes on without a broker where there is no Java', async (test) => {
    const env = { PATH: await temporaryFolder(test) };
    const { exitCode, stdout } = await indicia(['bench', 'kafka'], { env });
    assert.match(stdout, /^Kafka is left out: a Kafka broker needs Java 17 or later/m);
    assert.equal(exitCode, 0);
  });
});
