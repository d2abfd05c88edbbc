import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { readAnchor } from '../../analytics/store/audit/anchor.ts';
import { EXIT } from '../../commands/exit-codes.ts';
import { indicia, jsonLines, MAIN } from '../support/command-line.ts';
import { RECEIVED_AT } from '../support/receipt.ts';
import { suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const scope = suiteScope();
let top: string;
before(async () => {
  top = await temporaryFolder(scope);
  const size = ['--pieces', '30', '--psds', '4', '--licenses', '3', '--frauds', 'none'];
  assert.equal((await indicia(['simulate', '--out', join(top, 'day'), ...size])).exitCode, EXIT.done);
});

function run(db: string) {
  const day = join(top, 'day');
  const source = [join(day, 'scans.ndjson'), '--registry', join(day, 'registry')];
  return indicia(['run', ...source, '--db', db, '--json', ...RECEIVED_AT]);
}

/** A folder of its own, with a link `today.duckdb` to where a store is or will be, over another link. */
async function linked(name: string): Promise<{ folder: string; link: string; file: string }> {
  const folder = join(top, name);
  await mkdir(join(folder, 'disk'), { recursive: true });
  await symlink('disk/newest.duckdb', join(folder, 'today.duckdb'));
  await symlink('2026-11-29.duckdb', join(folder, 'disk/newest.duckdb'));
  return { folder, link: join(folder, 'today.duckdb'), file: join(folder, 'disk/2026-11-29.duckdb') };
}

describe('a link to a store', () => {
  it('makes the store where it leads to, with the anchor beside it', async () => {
    const { folder, link } = await linked('new');
    const { exitCode, stderr } = await run(link);
    assert.equal(exitCode, EXIT.done, stderr);
    assert.deepEqual(readdirSync(folder).sort(), ['disk', 'today.duckdb']);
    const made = ['2026-11-29.duckdb', '2026-11-29.duckdb.anchor', 'newest.duckdb'];
    assert.deepEqual(readdirSync(join(folder, 'disk')).sort(), made);
  });

  it('is read, written and looked at as the store itself, one after the other', async () => {
    const { folder, link, file } = await linked('either');
    assert.equal((await run(file)).exitCode, EXIT.done);
    const [again] = jsonLines<{ scans: number; repeated: number }>((await run(link)).stdout);
    assert.equal(again?.scans, 0);
    for (const db of [link, file]) {
      const { exitCode, stdout, stderr } = await indicia(['doctor', '--db', db]);
      assert.equal(exitCode, EXIT.done, stdout + stderr);
    }
    const both = [
      'query',
      '--db',
      link,
      '--db',
      file,
      '--format',
      'json',
      'select count(*)::integer as n from verdicts',
    ];
    assert.deepEqual(jsonLines((await indicia(both)).stdout), [{ n: 60 }]);
    assert.deepEqual(readdirSync(folder).sort(), ['disk', 'today.duckdb']);
  });

  it('does not hide that rows are missing from the store', async () => {
    const { link, file } = await linked('short');
    assert.equal((await run(file)).exitCode, EXIT.done);
    await truncate(file, 0);
    for (const args of [
      ['doctor', '--db', link],
      ['detect', '--db', link],
    ]) {
      const { exitCode, stdout, stderr } = await indicia(args);
      assert.notEqual(exitCode, EXIT.done);
      assert.match(stdout + stderr, /lacks 30 of 30 acknowledged rows|not a usable store/);
    }
    assert.ok(existsSync(file));
  });

  it('finds the write-ahead log that a killed run left beside the store', async () => {
    const { folder, link, file } = await linked('killed');
    const size = ['--pieces', '8000', '--frauds', 'none'];
    await indicia(['simulate', '--out', join(folder, 'day'), ...size]);
    const source = [join(folder, 'day/scans.ndjson'), '--registry', join(folder, 'day/registry'), ...RECEIVED_AT];
    const ended = await indicia(['run', ...source, '--db', link], {
      onStart: (kill) => {
        const look = setInterval(() => {
          if (!existsSync(`${file}.wal`) || (readAnchor(file)?.rows ?? 0n) === 0n) return;
          clearInterval(look);
          kill();
        }, 5);
      },
    });
    assert.equal(ended.signal, 'SIGKILL', ended.stderr);
    assert.ok(!existsSync(`${link}.wal`) && !existsSync(`${link}.anchor`));
    const doctor = await indicia(['doctor', '--db', link, '--json']);
    assert.equal(doctor.exitCode, EXIT.done, doctor.stdout);
    assert.ok((jsonLines<{ rows: number }>(doctor.stdout).at(-1)?.rows ?? 0) > 0);
  });

  it('that leads round in a circle is said to', async () => {
    const folder = join(top, 'circle');
    await mkdir(folder);
    await symlink('b.duckdb', join(folder, 'a.duckdb'));
    await symlink('a.duckdb', join(folder, 'b.duckdb'));
    const { exitCode, stderr } = await run(join(folder, 'a.duckdb'));
    assert.equal(exitCode, EXIT.usage);
    assert.match(stderr, /^indicia: .*a\.duckdb: links that lead round in a circle\n$/);
  });
});

describe('a store on media that can only be read', () => {
  let folder: string;
  before(async () => {
    folder = join(top, 'media');
    await mkdir(folder);
    assert.equal((await run(join(folder, 'post.duckdb'))).exitCode, EXIT.done);
  });

  /** Output and exit code of a command while nobody can write to the folder, not even root. */
  async function readOnly(args: readonly string[]): Promise<{ exitCode: number | null; said: string }> {
    if (process.getuid?.() !== 0) {
      await chmod(folder, 0o555);
      const { exitCode, stdout, stderr } = await indicia(args);
      await chmod(folder, 0o755);
      return { exitCode, said: stdout + stderr };
    }
    const mounted = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
    const { exitCode, stdout, stderr } = await indicia(args, {
      start: ['unshare', '--mount', 'sh', '-c', mounted, folder, process.execPath, MAIN],
    });
    return { exitCode, said: stdout + stderr };
  }

  it('is looked at by doctor and asked by all others, and nothing is left beside it', async () => {
    const db = join(folder, 'post.duckdb');
    const before = readdirSync(folder);
    for (const args of [
      ['doctor', '--db', db],
      ['verdicts', '--db', db],
      ['findings', '--db', db],
      ['cases', '--db', db],
      ['query', '--db', db, '--db', db, 'from verdicts'],
      ['report', '--db', db, '--out', join(top, 'report.html')],
    ]) {
      const { exitCode, said } = await readOnly(args);
      assert.equal(exitCode, EXIT.done, said);
    }
    assert.deepEqual(readdirSync(folder), before);
  });

  it('has what does not fit into memory put beside it where that can be, and elsewhere where not', async () => {
    const where = ['query', '--db', join(folder, 'post.duckdb'), "select current_setting('temp_directory')"];
    const beside = (await indicia(where)).stdout;
    assert.ok(beside.includes(`${join(folder, 'post.duckdb')}.tmp`), beside);
    const { exitCode, said } = await readOnly(where);
    assert.equal(exitCode, EXIT.done, said);
    assert.ok(said.includes('indicia-spill-') && !said.includes(folder), said);
  });

  it('is refused, with the reason, by commands that must write to it', async () => {
    const { exitCode, said } = await readOnly(['detect', '--db', join(folder, 'post.duckdb')]);
    assert.equal(exitCode, EXIT.usage);
    assert.match(said, /^indicia: .*post\.duckdb: it cannot be written here, only read/m);
  });
});
