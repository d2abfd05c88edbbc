import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { simulate } from '../../psd-sim/index.ts';
import { loadRegistry, RegistryError } from '../../verify/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function simulatedRegistry(test: TestContext): Promise<string> {
  const folder = await temporaryFolder(test);
  await simulate(
    { seed: 3, pieces: 20, psds: 3, licenses: 2, frauds: [], images: 'none', dayMs: Date.UTC(2026, 10, 20) },
    folder,
  );
  return join(folder, 'registry');
}

/** Changes a file and mends its digest, as its publisher would. */
async function publish(folder: string, name: string, change: (text: string) => string): Promise<void> {
  const text = change(await readFile(join(folder, name), 'utf8'));
  await writeFile(join(folder, name), text);
  const header = JSON.parse(await readFile(join(folder, 'trust-list.json'), 'utf8'));
  header.files[name] = createHash('sha256').update(text).digest('hex');
  await writeFile(join(folder, 'trust-list.json'), JSON.stringify(header));
}

describe('a registry folder', () => {
  it('is read whole', async (test) => {
    const registry = await loadRegistry(await simulatedRegistry(test));
    assert.equal(registry.licenses.length, 2);
    assert.equal(registry.psds.length, 3);
    assert.equal(registry.keys.length, registry.grants.length);
    assert.ok(registry.funds.length > 0);
  });

  it('that is missing is named', async (test) => {
    const folder = join(await temporaryFolder(test), 'nowhere');
    await assert.rejects(
      loadRegistry(folder),
      (error) => error instanceof RegistryError && error.message.includes(folder),
    );
  });

  it('with a file that was altered, or left out, is refused', async (test) => {
    const folder = await simulatedRegistry(test);
    await writeFile(
      join(folder, 'keys.ndjson'),
      (await readFile(join(folder, 'keys.ndjson'), 'utf8')).replace('1', '2'),
    );
    await assert.rejects(loadRegistry(folder), /keys\.ndjson: differs from the digest/);
    await rm(join(folder, 'keys.ndjson'));
    await assert.rejects(loadRegistry(folder), /keys\.ndjson: missing/);
  });

  const broken: [string, string, (text: string) => string, RegExp][] = [
    ['no JSON', 'licenses.ndjson', (text) => `${text}{"license":`, /licenses\.ndjson:3: not JSON/],
    ['a missing field', 'grants.ndjson', (text) => text.replace('"psd"', '"pds"'), /grants\.ndjson:1: .*psd/],
    ['a number out of range', 'licenses.ndjson', (text) => text.replace(/"psdLimit":\d+/, '"psdLimit":0'), /psdLimit/],
    ['a key id twice', 'keys.ndjson', (text) => text + text.split('\n')[0], /key id 4000001 stands in it twice/],
    [
      'a key that is none',
      'keys.ndjson',
      (text) => text.replace(/"spki":"MFk/, '"spki":"MFo'),
      /not a canonical public key.*4000001/,
    ],
    ['a suite that is none', 'keys.ndjson', (text) => text.replace('p256', 'p257'), /keys\.ndjson:1: \/suite/],
  ];
  for (const [what, file, change, message] of broken) {
    it(`with ${what} is refused, and the line is named`, async (test) => {
      const folder = await simulatedRegistry(test);
      await publish(folder, file, change);
      await assert.rejects(
        loadRegistry(folder),
        (error) => error instanceof RegistryError && message.test(error.message),
      );
    });
  }
});
