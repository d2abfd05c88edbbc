import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { simulate } from '../../psd-sim/index.ts';
import { indicia } from '../support/command-line.ts';
import { SmallWorld } from '../support/marks.ts';
import { filesOf, NOW_MS, publisherIn } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('indicia trust', () => {
  it('shows what a registry says and checks everything behind it', async (test) => {
    const day = await temporaryFolder(test);
    const dayMs = Date.UTC(2026, 10, 20);
    await simulate({ seed: 1, pieces: 20, psds: 3, licenses: 2, frauds: [], images: 'none', dayMs }, day);
    const registry = join(day, 'registry');
    const shown = JSON.parse((await indicia(['trust', 'show', '--registry', registry, '--json'])).stdout);
    assert.deepEqual([shown.version, shown.rootVersion, shown.signersNeeded, shown.licenses], [1, 1, 2, 2]);
    const checked = await indicia(['trust', 'check', '--registry', registry, '--json']);
    assert.deepEqual(JSON.parse(checked.stdout).problems, []);
    assert.equal(JSON.parse(checked.stdout).certificates, shown.keys);
    assert.equal(checked.exitCode, 0);
  });

  it('says which key or license is at fault, and exits with 3', async (test) => {
    const { publisher, folder } = await publisherIn(test);
    const files = filesOf(new SmallWorld(1, 1).records);
    await publisher.publishList(new Map([...files, ['certificates.ndjson', '']]), NOW_MS);
    const { stdout, exitCode } = await indicia(['trust', 'check', '--registry', folder]);
    assert.match(stdout, /1 key, 0 certificates and 0 licenses checked, 1 problem\n {2}key 1: it has no certificate/);
    assert.equal(exitCode, 3);
  });

  it('pulls the next version, and refuses what is not signed', async (test) => {
    const { publisher, folder: upstream } = await publisherIn(test);
    const files = filesOf(new SmallWorld(1, 1).records);
    await publisher.publishList(files, NOW_MS);
    const registry = join(await temporaryFolder(test), 'registry');
    await cp(upstream, registry, { recursive: true });
    const pull = () => indicia(['trust', 'pull', '--from', upstream, '--registry', registry]);
    assert.match((await pull()).stdout, /version 1, root 1: with all files/);
    await publisher.publishList(files, NOW_MS + 1);
    assert.match((await pull()).stdout, /version 2, root 1: by its increment/);
    assert.match((await pull()).stdout, /version 2, root 1: nothing new/);

    await publisher.publishList(files, NOW_MS + 2, { signers: 1 });
    const refused = await pull();
    assert.deepEqual([refused.exitCode, refused.stdout], [3, '']);
    assert.match(refused.stderr, /refused: trust-unsigned: .*1 valid signatures of 2 needed/);
    const log = await readFile(join(registry, 'trust-list.json'), 'utf8');
    await writeFile(join(registry, 'trust-list.json'), log.replace('"sig":"', '"sig":"A'));
    const broken = await indicia(['trust', 'show', '--registry', registry]);
    assert.equal(broken.exitCode, 2);
    assert.match(broken.stderr, /trust-list\.json: trust-unsigned/);
  });

  it('lets verdicts say by which version they were judged', async (test) => {
    const world = new SmallWorld(1, 1);
    const { publisher, folder } = await publisherIn(test);
    await publisher.publishList(filesOf(world.records), NOW_MS);
    await publisher.publishList(filesOf(world.records), NOW_MS + 1);
    const db = join(await temporaryFolder(test), 'store.duckdb');
    const stdin = `${JSON.stringify({ scanId: 'one', payload: world.frank().toString('base64') })}\n`;
    assert.equal((await indicia(['run', '-', '--registry', folder, '--db', db], { stdin })).exitCode, 0);
    const { stdout } = await indicia(['query', '--db', db, '--format', 'json', 'select trust_version from verdicts']);
    assert.deepEqual(JSON.parse(stdout), { trust_version: 2 });
  });
});
