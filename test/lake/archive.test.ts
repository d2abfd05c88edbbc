import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { auditStore } from '../../analytics/index.ts';
import { LakeWriter } from '../../analytics/store/lake/lake-writer.ts';
import { indicia } from '../support/command-line.ts';
import { LakeWorld, OWNER, tablesOf } from '../support/lake.ts';
import { temporaryFolder } from '../support/temporary.ts';

const OLD = { scannedAtMs: Date.UTC(2026, 9, 1) };
const BEFORE = ['--before', '2026-11-01T00:00:00Z'];

describe('archive --lake', () => {
  it('lets the store forget what the lake holds, and restore brings it back', async (test) => {
    const lake = new LakeWorld(await temporaryFolder(test));
    await lake.record(6, OLD);
    await lake.record(4);
    await lake.write();
    lake.close();
    const before = await tablesOf(lake.store);

    const archived = await indicia(['archive', '--db', lake.store, '--lake', lake.lake, ...BEFORE, '--json']);
    assert.equal(archived.exitCode, 0, archived.stderr);
    assert.deepEqual(JSON.parse(archived.stdout), { rows: 6, batches: 1, days: ['2026-10-01'] });
    assert.equal((await tablesOf(lake.store)).evidence?.length, 4);
    assert.deepEqual(await tablesOf(lake.lake), before, 'the lake has them');
    assert.deepEqual((await auditStore(lake.store, () => {}, { archive: lake.lake })).problems, []);

    // The lake goes on with what is recorded after that.
    lake.forgetWriter();
    await lake.record(5);
    await lake.write();
    lake.close();
    assert.equal((await tablesOf(lake.lake)).evidence?.length, 15);

    const restored = await indicia(['restore', '--db', lake.store, '--archive', lake.lake, '--json']);
    assert.equal(restored.exitCode, 0, restored.stderr);
    assert.equal(JSON.parse(restored.stdout).rows, 6);
    assert.deepEqual((await tablesOf(lake.store)).evidence, (await tablesOf(lake.lake)).evidence);
    assert.deepEqual((await auditStore(lake.store, () => {})).problems, []);
  });

  it('makes a new store of what the lake holds', async (test) => {
    const folder = await temporaryFolder(test);
    const lake = new LakeWorld(folder);
    for (let batch = 0; batch < 8; batch++) await lake.record(6);
    await lake.write();
    await lake.merge();
    lake.close();
    const db = join(folder, 'new.duckdb');
    const { exitCode, stderr } = await indicia(['restore', '--db', db, '--archive', lake.lake]);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual((await tablesOf(db)).evidence, (await tablesOf(lake.store)).evidence);
  });

  it('lets nothing go that the lake lacks, that is of another store, or of which partition nobody said', async (test) => {
    const folder = await temporaryFolder(test);
    const lake = new LakeWorld(folder);
    await lake.record(3, OLD);
    await lake.write();
    await lake.record(3, OLD);
    lake.close();
    const archive = (store: string) => indicia(['archive', '--db', store, '--lake', lake.lake, ...BEFORE]);
    const lacking = await archive(lake.store);
    assert.equal(lacking.exitCode, 2);
    assert.match(lacking.stderr, /lacks rows 4 to 6/);
    const other = new LakeWorld(join(folder, 'other'));
    await other.record(5, OLD);
    other.close();
    assert.match((await archive(other.store)).stderr, /a lake of another store/);
    await LakeWriter.claim(lake.lake, { ...OWNER, partition: 1 });
    assert.match(
      (await archive(lake.store)).stderr,
      /partition=0000, partition=0001; name one of them with --partition/,
    );
    assert.equal((await tablesOf(lake.store)).evidence?.length, 6);
    const both = await indicia(['archive', '--db', lake.store, '--lake', lake.lake, '--out', folder]);
    assert.equal(both.exitCode, 2);
  });
});
