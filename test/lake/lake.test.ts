import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FencedError, StoreError } from '../../analytics/index.ts';
import { auditLake } from '../../analytics/store/lake/audit-lake.ts';
import { readLake } from '../../analytics/store/lake/lake-folder.ts';
import { LakeWriter } from '../../analytics/store/lake/lake-writer.ts';
import { filesOf, manifestText, parseManifest } from '../../analytics/store/lake/manifest.ts';
import { VERSION_KEPT_MS } from '../../analytics/store/lake/old-versions.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { LakeWorld, OWNER, tablesOf } from '../support/lake.ts';
import { temporaryFolder } from '../support/temporary.ts';

type Step = 'record' | 'copies' | 'detect' | 'registry' | 'write' | 'merge' | 'claim';
const steps = fc.array(
  fc.constantFrom<Step[]>('record', 'record', 'copies', 'detect', 'registry', 'write', 'write', 'merge', 'claim'),
  { minLength: 4, maxLength: 16 },
);

async function take(step: Step, lake: LakeWorld, version: number): Promise<void> {
  if (step === 'record') await lake.record(5);
  else if (step === 'copies') await lake.record(3, {}, true);
  else if (step === 'detect') await lake.detect();
  else if (step === 'registry') await lake.setRegistry(version);
  else if (step === 'write') await lake.write();
  else if (step === 'merge') await lake.merge();
  else lake.forgetWriter();
}

describe('a lake', () => {
  it('has each row of its store once, and each table as it is, whatever was done in which order', async (test) => {
    let histories = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const lake = new LakeWorld(join(await temporaryFolder(test), `${histories++}`));
        mkdirSync(join(lake.store, '..'));
        for (const [index, step] of history.entries()) await take(step, lake, index + 1);
        await lake.write();
        lake.close();
        assert.deepEqual(await tablesOf(lake.lake), await tablesOf(lake.store));
        assert.deepEqual((await auditLake(lake.lake, () => {})).problems, []);
      }),
      { numRuns: 6 },
    );
  });

  it('keeps an old version readable while somebody may read it, and then removes its files', async (test) => {
    const lake = new LakeWorld(await temporaryFolder(test));
    let nowMs = 1_000_000;
    const owner = { ...OWNER, nowMs: () => nowMs };
    for (let batch = 0; batch < 8; batch++) {
      await lake.record(5);
      await lake.write(owner);
    }
    const [before] = readLake(lake.lake);
    assert.ok(before !== undefined);
    assert.equal(await lake.merge(), 2, 'evidence and links');
    const writer = await lake.writer();
    await writer.prune();
    const gone = () => filesOf(before).filter(({ path }) => !existsSync(join(lake.lake, path)));
    assert.deepEqual(gone(), []);
    nowMs += VERSION_KEPT_MS + 1;
    await writer.prune();
    assert.ok(gone().length >= 8, `${gone().length} files`);
    lake.close();
    assert.equal((await auditLake(lake.lake, () => {})).rows, 40n);
    assert.deepEqual((await auditLake(lake.lake, () => {})).problems, []);
  });

  it('puts scans of impossible days, and those of no day, into one folder', async (test) => {
    const lake = new LakeWorld(await temporaryFolder(test));
    const days = [0, -8.64e15, 8.64e15, Date.UTC(1999, 11, 31), Date.UTC(2026, 10, 20), null];
    for (const scannedAtMs of days) await lake.record(1, { scannedAtMs });
    await lake.write();
    lake.close();
    assert.deepEqual(readdirSync(join(lake.lake, 'evidence')).toSorted(), [
      'day=2026-11-20',
      'day=__HIVE_DEFAULT_PARTITION__',
    ]);
    assert.deepEqual(await tablesOf(lake.lake), await tablesOf(lake.store));
  });

  it('belongs to the newest owner of a partition: what an earlier one writes after that is not in it', async (test) => {
    const lake = new LakeWorld(await temporaryFolder(test));
    await lake.record(5);
    await lake.write({ ...OWNER, epoch: 1n });
    await lake.record(5);
    await LakeWriter.claim(lake.lake, { ...OWNER, epoch: 2n });
    await assert.rejects(lake.write(), FencedError);
    await assert.rejects(LakeWriter.claim(lake.lake, { ...OWNER, epoch: 1n }), /lost partition=0000 .* epoch 2/);
    lake.close();
    assert.equal(readLake(lake.lake)[0]?.rows, 5n);
    lake.forgetWriter();
    await lake.write({ ...OWNER, epoch: 3n });
    lake.close();
    assert.deepEqual(await tablesOf(lake.lake), await tablesOf(lake.store));
    assert.deepEqual((await auditLake(lake.lake, () => {})).problems, [], 'nothing is left of the earlier owner');
  });

  it('refuses another store, another post, a later program and a folder with something else in it', async (test) => {
    const folder = await temporaryFolder(test);
    const lake = new LakeWorld(folder);
    await lake.setRegistry();
    await lake.record(5);
    await lake.write();
    lake.close();

    const other = new LakeWorld(join(folder, 'other'));
    await other.record(9);
    const foreign = await LakeWriter.claim(lake.lake, OWNER);
    const recorder = await other.recorder();
    await assert.rejects(
      recorder.lakeSource.run((store) => foreign.write(store)),
      /rows up to 5 of another store/,
    );
    await recorder.setRegistry({ ...other.world.registry, digest: 'of another post' });
    const second = await LakeWriter.claim(lake.lake, { ...OWNER, partition: 1 });
    await assert.rejects(
      recorder.lakeSource.run((store) => second.write(store)),
      /partition=0000 is of another post/,
    );
    other.close();

    writeFileSync(join(lake.lake, 'lake.json'), '{"format":2}');
    await assert.rejects(
      LakeWriter.claim(lake.lake, OWNER),
      /lake.json: a lake of format 2; this program reads format 1/,
    );
    await assert.rejects(LakeWriter.claim(folder, OWNER), StoreError);
    await assert.rejects(tablesOf(lake.lake), /format 2/);
  });

  it('takes a commit whole, however many rows it has', async (test) => {
    const lake = new LakeWorld(await temporaryFolder(test));
    const recorder = await lake.recorder();
    const batches = [4, 4, 4].map((count, index) => {
      const scans = Array.from({ length: count }, () =>
        scanOf({ mark: { kind: 'payload', payload: lake.world.frank() } }),
      );
      return { readings: readingColumnsOf(scans, lake.world.registry), source: 'test', position: `${index}` };
    });
    await recorder.record(batches);
    await lake.record(3);
    const writer = await lake.writer();
    const write = () => recorder.lakeSource.run((store) => writer.write(store, 5));
    assert.equal(await write(), false);
    assert.equal(writer.manifest.rows, 12n);
    assert.equal(await write(), true);
    lake.close();
    assert.deepEqual(await tablesOf(lake.lake), await tablesOf(lake.store));
    assert.deepEqual((await auditLake(lake.lake, () => {})).problems, []);
  });

  it('loses nothing to a writer that lost its partition and wakes a long time later', async (test) => {
    const lake = new LakeWorld(await temporaryFolder(test));
    let nowMs = 1_000_000;
    const [former, newer] = [1n, 2n].map((epoch) => ({ ...OWNER, epoch, nowMs: () => nowMs }));
    assert.ok(former !== undefined && newer !== undefined);
    await lake.record(5);
    await lake.write(former);
    const asleep = await lake.writer(former);
    lake.forgetWriter();
    for (let batch = 0; batch < 3; batch++) {
      await lake.record(5);
      await lake.write(newer);
    }
    nowMs += 2 * VERSION_KEPT_MS;
    await assert.rejects(asleep.prune(), FencedError);
    lake.close();
    assert.equal(readLake(lake.lake)[0]?.rows, 20n);
    assert.deepEqual((await auditLake(lake.lake, () => {})).problems, []);
  });

  it('stays with its writer where another store is run with it', async (test) => {
    const folder = await temporaryFolder(test);
    const lake = new LakeWorld(folder);
    await lake.record(5);
    await lake.write();
    const other = new LakeWorld(join(folder, 'other'));
    await other.record(9);
    const source = (await other.recorder()).lakeSource;
    await assert.rejects(
      source.run(({ connection }) => LakeWriter.claim(lake.lake, OWNER, connection)),
      /rows up to 5 of another store/,
    );
    other.close();
    await lake.record(5);
    await lake.write();
    lake.close();
    assert.deepEqual(await tablesOf(lake.lake), await tablesOf(lake.store));
  });

  it('names a manifest that leads out of it, is cut off, or was renamed', async (test) => {
    const lake = new LakeWorld(await temporaryFolder(test));
    await lake.record(5);
    await lake.write();
    lake.close();
    const manifests = join(lake.lake, 'manifests/partition=0000');
    const newest = join(manifests, readdirSync(manifests).toSorted().at(-1) ?? '');
    const text = readFileSync(newest, 'utf8');
    for (const broken of [
      text.replace('"evidence/', '"../evidence/'),
      text.slice(0, text.length / 2),
      text.replace('"version":2', '"version":7'),
      text.replace('"format":1', '"format":9'),
      '[]',
      '',
    ]) {
      writeFileSync(newest, broken);
      await assert.rejects(tablesOf(lake.lake), new RegExp(newest));
    }
    const manifest = parseManifest(text, newest);
    assert.deepEqual(parseManifest(manifestText(manifest), newest), manifest);
  });
});
