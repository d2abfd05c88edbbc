import assert from 'node:assert/strict';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { RegistryError } from '../../verify/index.ts';
import { loadRegistry } from '../../verify/registry/index.ts';
import { SmallWorld } from '../support/marks.ts';
import { filesOf, NOW_MS, publishedRegistry } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

const world = new SmallWorld(3, 2);
const files = filesOf(world.records);
const set = { license: 1000, psd: '06-2S-0', pieceCount: 2n ** 64n - 1n };
const withOptional = {
  ...world.records,
  refunds: [{ ...set, amountMills: 730, refundedAtMs: NOW_MS }],
  rates: [{ rateCategory: 101, weightGramsMax: 28, postageMills: 730, validFromMs: 0, validToMs: NOW_MS }],
  plants: [{ plant: 'P1', postcode: '06484' }],
  withdrawals: [{ ...set, epoch: 2, ascendingMills: 730, returnedMills: 270, withdrawnAtMs: NOW_MS }],
};
const optionalFiles = filesOf(withOptional);

describe('a registry folder', () => {
  it('is read whole', async (test) => {
    const registry = await loadRegistry(await publishedRegistry(test, files), NOW_MS);
    assert.deepEqual(
      [registry.version, registry.keys.size, registry.licenses.length, registry.psds.length],
      [1, 6, 2, 3],
    );
    assert.deepEqual(registry.grants, world.records.grants);
  });

  it('may leave out refunds, rates, plants and withdrawals, which are then empty', async (test) => {
    const { refunds, rates, plants, withdrawals } = await loadRegistry(await publishedRegistry(test, files), NOW_MS);
    assert.deepEqual([refunds, rates, plants, withdrawals], [[], [], [], []]);
  });

  it('is read with refunds, rates, plants and withdrawals, piece counts of 64 bits exactly', async (test) => {
    const registry = await loadRegistry(await publishedRegistry(test, filesOf(withOptional)), NOW_MS);
    const { refunds, rates, plants, withdrawals } = withOptional;
    assert.deepEqual(registry.refunds, refunds);
    assert.deepEqual(registry.rates, rates);
    assert.deepEqual(registry.plants, plants);
    assert.deepEqual(registry.withdrawals, withdrawals);
  });

  it('with a file that is listed but missing is refused, even one that could have been left out', async (test) => {
    const folder = await publishedRegistry(test, filesOf(withOptional));
    await rm(join(folder, 'plants.ndjson'));
    await assert.rejects(loadRegistry(folder, NOW_MS), /plants\.ndjson: missing/);
  });

  it('that is missing is named', async (test) => {
    const folder = join(await temporaryFolder(test), 'nowhere');
    await assert.rejects(
      loadRegistry(folder, NOW_MS),
      (error) => error instanceof RegistryError && error.message.includes(folder),
    );
  });

  it('with a file that was altered, shortened, lengthened, or left out, is refused', async (test) => {
    const folder = await publishedRegistry(test, files);
    const path = join(folder, 'keys.ndjson');
    const text = await readFile(path, 'utf8');
    for (const other of [text.replace('1', '2'), text.slice(0, -1), `${text}\n`, '']) {
      await writeFile(path, other);
      await assert.rejects(loadRegistry(folder, NOW_MS), /keys\.ndjson: differs from what was signed/);
    }
    await rm(path);
    await assert.rejects(loadRegistry(folder, NOW_MS), /keys\.ndjson: missing/);
  });

  it('is never read beyond the signed length, however long a file has become', async (test) => {
    const folder = await publishedRegistry(test, files);
    const path = join(folder, 'grants.ndjson');
    for (let megabyte = 0; megabyte < 96; megabyte++) await appendFile(path, Buffer.alloc(1024 * 1024, 10));
    const before = process.memoryUsage().rss;
    await assert.rejects(loadRegistry(folder, NOW_MS), /grants\.ndjson: differs/);
    assert.ok(process.memoryUsage().rss - before < 48 * 1024 * 1024);
  });

  const broken: [string, string, (text: string) => string, RegExp][] = [
    ['no JSON', 'licenses.ndjson', (text) => `${text}{"license":\n`, /licenses\.ndjson:3: not JSON/],
    [
      'a key of a record twice',
      'licenses.ndjson',
      (text) => text.replace('{', '{"license":7,'),
      /licenses\.ndjson:1: the key "license" is there twice/,
    ],
    ['a missing field', 'grants.ndjson', (text) => text.replace('"psd"', '"pds"'), /grants\.ndjson:1: .*psd/],
    ['a number out of range', 'licenses.ndjson', (text) => text.replace(/"psdLimit":\d+/, '"psdLimit":0'), /psdLimit/],
    ['a key id twice', 'keys.ndjson', (text) => `${text}${text.split('\n')[0]}\n`, /key id 1: is in it twice/],
    ['a license twice', 'licenses.ndjson', (text) => `${text}${text.split('\n')[0]}\n`, /license 1000 is in it twice/],
    [
      'an invalid key',
      'keys.ndjson',
      (text) => text.replace('"spki":"MFk', '"spki":"MFo'),
      /key id 1: not a canonical/,
    ],
    [
      'a piece count beyond 64 bits',
      'refunds.ndjson',
      (text) => text.replace('615"', '616"'),
      /refunds\.ndjson:1: \/pieceCount is beyond 18446744073709551615/,
    ],
    ['a piece count that is a number', 'refunds.ndjson', (text) => text.replace(/"(\d{20})"/, '1'), /:1: \/pieceCount/],
    ['a final piece count of letters', 'withdrawals.ndjson', (text) => text.replace('615"', 'x"'), /:1: \/pieceCount/],
    [
      'a rate without end',
      'rates.ndjson',
      (text) => text.replace('validToMs', 'until'),
      /rates\.ndjson:1: .*validToMs/,
    ],
    ['a plant without a name', 'plants.ndjson', (text) => text.replace('"P1"', '""'), /plants\.ndjson:1: \/plant/],
    ['an unknown suite', 'keys.ndjson', (text) => text.replace('p256', 'p257'), /keys\.ndjson:1: \/suite/],
  ];
  for (const [what, name, change, message] of broken) {
    it(`with ${what} is refused although it was signed, and the line is named`, async (test) => {
      const folder = await publishedRegistry(
        test,
        new Map([...optionalFiles, [name, change(optionalFiles.get(name) ?? '')]]),
      );
      await assert.rejects(
        loadRegistry(folder, NOW_MS),
        (error) => error instanceof RegistryError && message.test(error.message),
      );
    });
  }
});
