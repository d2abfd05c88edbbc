import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { auditRegistry } from '../../verify/audit/index.ts';
import { RegistryError } from '../../verify/index.ts';
import { PULL_MS_MAX } from '../../verify/limits.ts';
import { loadRegistry, openTrustedFolder } from '../../verify/registry/index.ts';
import { failureOf, filesPaid, postAndVerifier } from '../support/post-and-verifier.ts';
import { NOW_MS, publisherIn } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

const RECORDS = ['keys.ndjson', 'licenses.ndjson', 'grants.ndjson', 'psds.ndjson', 'funds.ndjson'];
const MENDED = [...RECORDS, 'log.txt', 'trust-list.json'];

/** What may be in a file's place that must neither be waited for nor be believed. */
const ODD: readonly [string, RegExp, (path: string) => Promise<unknown>][] = [
  ['a pipe', /not a regular file/, async (path) => execFileSync('mkfifo', [path])],
  ['a device', /not a regular file/, (path) => symlink('/dev/zero', path)],
  ['a loop of links', /not a regular file/, (path) => symlink(path, path)],
  ['memory of the process', /cannot be read/, (path) => symlink('/proc/self/mem', path)],
];

describe('a registry folder in which something was damaged since it was accepted', () => {
  const damages: [string, (path: string) => Promise<unknown>][] = [
    ['gone', (path) => rm(path)],
    ['cut off', (path) => truncate(path, 1)],
    ['one byte longer', (path) => writeFile(path, '\n', { flag: 'a' })],
    ['another file', (path) => writeFile(path, 'rubbish')],
  ];
  for (const name of MENDED) {
    for (const [what, damage] of damages) {
      it(`is mended where ${name} is ${what}`, async (test) => {
        const { registry, pull, publisher, paid } = await postAndVerifier(test);
        await publisher.publishList(filesPaid(2), NOW_MS);
        await pull();
        await damage(join(registry, name));
        assert.deepEqual(await pull(), { version: 2, rootVersion: 1, how: 'files', mended: [name] });
        assert.equal(await paid(), 2);
        assert.deepEqual(await pull(), { version: 2, rootVersion: 1, how: 'current' });
      });
    }
    for (const [what, , make] of ODD) {
      it(`is mended where ${name} is ${what}`, { timeout: 30_000 }, async (test) => {
        const { registry, pull, paid } = await postAndVerifier(test);
        await rm(join(registry, name));
        await make(join(registry, name));
        assert.deepEqual(await pull(), { version: 1, rootVersion: 1, how: 'files', mended: [name] });
        assert.equal(await paid(), 1);
      });
    }
  }

  it('is mended whichever byte of whichever file was changed', async (test) => {
    const { registry, pull } = await postAndVerifier(test);
    const names = [...RECORDS, 'trust-list.json'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.nat(), fc.integer({ min: 1, max: 255 }), async (name, at, bit) => {
        const path = join(registry, name);
        const whole = await readFile(path);
        const changed = Buffer.from(whole);
        const place = at % changed.length;
        changed[place] = (changed[place] ?? 0) ^ bit;
        await writeFile(path, changed);
        assert.deepEqual(await pull(), { version: 1, rootVersion: 1, how: 'files', mended: [name] });
        assert.deepEqual(await readFile(path), whole);
      }),
      { numRuns: 60 },
    );
  });

  it('is refused where upstream cannot give the file either', async (test) => {
    const { registry, upstream, pull } = await postAndVerifier(test);
    await writeFile(join(registry, 'keys.ndjson'), 'rubbish');
    await writeFile(join(upstream, 'keys.ndjson'), 'rubbish');
    assert.equal(failureOf(await pull()), 'trust-inconsistent');
    await rm(join(upstream, 'keys.ndjson'));
    const outcome = await pull();
    assert.equal(failureOf(outcome), 'trust-missing');
    assert.match('detail' in outcome ? outcome.detail : '', /keys\.ndjson is not what was accepted, and is not mended/);
    assert.equal(await readFile(join(registry, 'keys.ndjson'), 'utf8'), 'rubbish');
  });

  it('is not changed by a pull that finds nothing new', async (test) => {
    const { registry, pull } = await postAndVerifier(test);
    const before = await readdir(registry);
    execFileSync('chmod', ['-R', 'a-w', join(registry, 'keys.ndjson')]);
    assert.deepEqual(await pull(), { version: 1, rootVersion: 1, how: 'current' });
    assert.deepEqual(await readdir(registry), before);
  });

  for (const name of ['root.json', 'trust-list.json', 'log.txt', 'accepted.json', 'keys.ndjson', 'funds.ndjson']) {
    for (const [what, message, make] of ODD) {
      it(`is not loaded, nor waited for, where ${name} is ${what}`, { timeout: 30_000 }, async (test) => {
        const { registry } = await postAndVerifier(test);
        await rm(join(registry, name));
        await make(join(registry, name));
        const named = (error: unknown) => {
          return error instanceof RegistryError && message.test(error.message) && error.message.includes(name);
        };
        await assert.rejects(loadRegistry(registry, NOW_MS), named);
      });
    }
  }

  it('is not audited where certificates are a pipe', { timeout: 30_000 }, async (test) => {
    const { publisher, folder } = await publisherIn(test);
    await publisher.publishList(new Map([...filesPaid(1), ['certificates.ndjson', '']]), NOW_MS);
    const path = join(folder, 'certificates.ndjson');
    await rm(path);
    execFileSync('mkfifo', [path]);
    await assert.rejects(auditRegistry(await openTrustedFolder(folder, NOW_MS), NOW_MS), /certificates.*not a regular/);
  });

  it('is refused with one sentence where accepted.json is broken', async (test) => {
    const { registry, pull } = await postAndVerifier(test);
    for (const text of ['', '{', '[]', 'null', '{"version":1}', '\xff', '['.repeat(2 ** 20)]) {
      await writeFile(join(registry, 'accepted.json'), text);
      const named = (error: unknown) => error instanceof RegistryError && /accepted\.json: /.test(error.message);
      await assert.rejects(pull(), named, text.slice(0, 9));
      await assert.rejects(loadRegistry(registry, NOW_MS), named);
    }
  });
});

describe('two pulls, and what a killed one left', () => {
  const owned = async (registry: string, owner: string | null) => {
    await mkdir(join(registry, '.pull'));
    await writeFile(join(registry, '.pull', 'keys.ndjson'), 'rubbish');
    if (owner !== null) await writeFile(join(registry, '.pull', 'owner'), owner);
  };
  const NOBODY = 2 ** 22 + 1;

  for (const [what, leave] of [
    ['a folder of a process that is gone', (registry: string) => owned(registry, `${NOBODY} ${hostname()}\n`)],
    ['a folder that says nobody’s name', (registry: string) => owned(registry, null)],
    ['a folder with rubbish for a name', (registry: string) => owned(registry, `rubbish ${hostname()}\n`)],
    ['a file', (registry: string) => writeFile(join(registry, '.pull'), '')],
    ['a link to a folder of somebody else', (registry: string) => symlink('/tmp', join(registry, '.pull'))],
    ['an empty folder', (registry: string) => mkdir(join(registry, '.pull')).then(() => {})],
  ] as const) {
    it(`what was left is cleared away: ${what}`, async (test) => {
      const { registry, publisher, pull, paid } = await postAndVerifier(test);
      await leave(registry);
      await publisher.publishList(filesPaid(2), NOW_MS);
      assert.equal(failureOf(await pull()), 'accepted 2');
      assert.equal(await paid(), 2);
      assert.deepEqual(
        (await readdir(registry)).filter((name) => name.startsWith('.')),
        [],
      );
    });
  }

  it('a pull at work is not disturbed, whatever machine it is on, until it is older than any lasts', async (test) => {
    const { registry, publisher, pull } = await postAndVerifier(test);
    await publisher.publishList(filesPaid(2), NOW_MS);
    for (const owner of [`${process.pid} ${hostname()}\n`, '7 another-machine\n']) {
      await owned(registry, owner);
      const sinceMs = NOW_MS - PULL_MS_MAX;
      await utimes(join(registry, '.pull'), new Date(sinceMs), new Date(sinceMs));
      assert.equal(failureOf(await pull()), 'trust-busy');
      assert.equal(await readFile(join(registry, '.pull', 'keys.ndjson'), 'utf8'), 'rubbish');
      assert.equal(failureOf(await pull(undefined, NOW_MS + 1)), 'accepted 2');
    }
  });

  it('of many at once each is done or refused, and the folder is whole', async (test) => {
    const { registry, publisher, pull, version } = await postAndVerifier(test);
    for (let round = 2; round < 6; round++) {
      await publisher.publishList(filesPaid(round), NOW_MS);
      const outcomes = (await Promise.all(Array.from({ length: 8 }, () => pull()))).map(failureOf);
      assert.deepEqual(
        outcomes.filter((outcome) => outcome !== `accepted ${round}` && outcome !== 'trust-busy'),
        [],
      );
      assert.ok(outcomes.includes(`accepted ${round}`));
      assert.equal(await version(), round);
    }
    assert.deepEqual(
      (await readdir(registry)).filter((name) => name.startsWith('.')),
      [],
    );
  });

  it('a folder that cannot be written is an outcome, and stays as it was', async (test) => {
    const { registry, publisher, pull, version } = await postAndVerifier(test);
    await publisher.publishList(filesPaid(2), NOW_MS);
    // The system refuses to replace a folder by a file, also for root.
    const copy = join(await temporaryFolder(test), 'copy');
    await cp(registry, copy, { recursive: true });
    await rm(join(registry, 'keys.ndjson'));
    await mkdir(join(registry, 'keys.ndjson', 'full'), { recursive: true });
    assert.equal(failureOf(await pull()), 'trust-unwritable');
    await rm(join(registry, 'keys.ndjson'), { recursive: true });
    await cp(join(copy, 'keys.ndjson'), join(registry, 'keys.ndjson'));
    assert.equal(await version(), 1);
    assert.equal(failureOf(await pull()), 'accepted 2');
  });
});
