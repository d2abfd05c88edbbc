import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { link, mkdir, realpath, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { SmallWorld } from '../support/marks.ts';
import { scannedPicture } from '../support/pictures.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A name in a line of scans, or several of one piece, and the reason of the verdict; '' for a mark that was read. */
type Row = readonly [name: unknown, reason: string];

const MISSING = 'image-missing';
const REFUSED = 'image-refused';
const MALFORMED = 'scan-malformed';

const ROWS: readonly Row[] = [
  // Of files that are there.
  ['good.png', ''],
  ['./good.png', ''],
  ['below/../good.png', ''],
  ['below//good.png', ''],
  ['with space.png', ''],
  ['new\nline.png', ''],
  ['percent%20.png', ''],
  ['what?.png', ''],
  ['hash#.png', ''],
  ['back\\slash.png', ''],
  ['\u202egnp.png', ''],
  ['\u0065\u0301.png', ''],
  ['hard link.png', ''],
  ['link inside.png', ''],
  ['folder inside/good.png', ''],
  [['missing.png', 'good.png'], ''],
  ['empty.png', 'image-unsupported'],
  ['text.png', 'image-unsupported'],
  ['huge.png', 'image-too-large'],
  ['good.png', ''],
  // Of what is not a regular file.
  ['.', REFUSED],
  ['./', REFUSED],
  ['below', REFUSED],
  ['below/', REFUSED],
  ['pipe.png', REFUSED],
  ['socket.png', REFUSED],
  ['loop.png', REFUSED],
  ['zero.png', REFUSED],
  // Of what lies elsewhere, itself or by a link on its way.
  ['/etc/hostname', REFUSED],
  ['..', REFUSED],
  ['../scans/good.png', REFUSED],
  ['below/../../good.png', REFUSED],
  ['link out.png', REFUSED],
  ['folder out/secret.png', REFUSED],
  ['link to a neighbor.png', REFUSED],
  ['memory.png', REFUSED],
  ['kernel messages.png', REFUSED],
  ['page map.png', REFUSED],
  ['environment.png', REFUSED],
  ['attribute.png', REFUSED],
  [['link out.png', 'missing.png'], REFUSED],
  // Of nothing.
  ['missing.png', MISSING],
  ['\u00e9.png', MISSING],
  ['good.png/', MISSING],
  ['good.png/x.png', MISSING],
  ['dangling.png', MISSING],
  ['x'.repeat(256), MISSING],
  ['é'.repeat(200), MISSING],
  ['x/'.repeat(128), MISSING],
  ['%2e%2e/good.png', MISSING],
  ['file:///etc/hostname', MISSING],
  ['~', MISSING],
  ['*', MISSING],
  ['nul', MISSING],
  ['-rf', MISSING],
  [' ', MISSING],
  ['a\u0000b.png', REFUSED],
  ['\u0000', REFUSED],
  // Of no name at all.
  ['', MALFORMED],
  ['x'.repeat(257), MALFORMED],
  ['x/'.repeat(2_500), MALFORMED],
  ['\ud800.png', MALFORMED],
  [5, MALFORMED],
  [true, MALFORMED],
  [{ path: 'good.png' }, MALFORMED],
  [[], MALFORMED],
  [[['good.png']], MALFORMED],
  [['good.png', 'good.png', 'good.png', 'good.png', 'good.png'], MALFORMED],
  [null, 'scan-incomplete'],
];

async function filesOf(test: TestContext, folder: string, picture: Uint8Array): Promise<void> {
  const at = (name: string) => join(folder, name);
  await mkdir(at('below'));
  await mkdir(at('real'));
  for (const [name] of ROWS.filter(([, reason]) => reason === '')) {
    if (typeof name === 'string' && !name.includes('/') && !name.includes('link')) await writeFile(at(name), picture);
  }
  await writeFile(at('below/good.png'), picture);
  await writeFile(at('real/good.png'), picture);
  await link(at('good.png'), at('hard link.png'));
  await symlink('good.png', at('link inside.png'));
  await symlink('real', at('folder inside'));
  await writeFile(at('empty.png'), '');
  await writeFile(at('text.png'), 'no picture');
  await writeFile(at('huge.png'), '');
  await truncate(at('huge.png'), 2 ** 40);
  execFileSync('mkfifo', [at('pipe.png')]);
  const server = createServer().listen(at('socket.png'));
  test.after(() => server.close());
  await symlink('loop.png', at('loop.png'));
  await symlink('nowhere.png', at('dangling.png'));
  await symlink('/dev/zero', at('zero.png'));
  const outside = await temporaryFolder(test);
  await writeFile(join(outside, 'secret.png'), picture);
  await symlink(join(outside, 'secret.png'), at('link out.png'));
  await symlink(outside, at('folder out'));
  // A folder whose name begins with that of the scans is another folder.
  await mkdir(`${folder}-neighbor`);
  await writeFile(`${folder}-neighbor/secret.png`, picture);
  await symlink(`${folder}-neighbor/secret.png`, at('link to a neighbor.png'));
  await symlink('/proc/self/mem', at('memory.png'));
  await symlink('/proc/kmsg', at('kernel messages.png'));
  await symlink('/proc/self/pagemap', at('page map.png'));
  await symlink('/proc/self/environ', at('environment.png'));
  await symlink('/proc/self/attr/current', at('attribute.png'));
}

describe('an image that a line of scans names oddly', () => {
  it('is read, or has a verdict whose reason names the cause, and no reader fails', {
    timeout: 110_000,
  }, async (test) => {
    const base = await realpath(await temporaryFolder(test));
    const folder = join(base, 'scans');
    await mkdir(folder);
    const simulated = { seed: 5, pieces: 12, psds: 3, licenses: 2, frauds: [], images: 'none' } as const;
    await simulate({ ...simulated, dayMs: Date.UTC(2026, 10, 20) }, base);
    const payload = new SmallWorld(1, 1, 'foreign').frank();
    await filesOf(test, folder, scannedPicture(payload, 'crop', 'good').bytes);
    const lines = ROWS.map(([image], row) => `${JSON.stringify({ scanId: `${row}`, image })}\n`);
    await writeFile(join(folder, 'scans.ndjson'), lines.join(''));
    const db = join(base, 'store.duckdb');
    const run = await indicia(['run', folder, '--registry', join(base, 'registry'), '--db', db, '--json']);
    assert.equal(run.exitCode, 3, run.stderr);
    const summary = JSON.parse(run.stdout);
    assert.deepEqual([summary.scans, summary.images.restarts], [ROWS.length, 0]);
    const verdicts = jsonLines<{ scanId: string; reasons: string[] }>((await indicia(['verdicts', '--db', db])).stdout);
    const reasons = new Map(verdicts.map(({ scanId, reasons: [first = ''] }) => [scanId, first]));
    assert.deepEqual(
      ROWS.map(([name], row) => [name, reasons.get(`${row}`)]),
      // The mark is of a key that this post does not know, which is a verdict about a mark that was read.
      ROWS.map(([name, reason]) => [name, reason === '' ? 'unknown-key' : reason]),
    );
  });
});
