import assert from 'node:assert/strict';
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { auditLake } from '../../analytics/store/lake/audit-lake.ts';
import { digestOfFile } from '../../analytics/store/lake/lake-files.ts';
import { readLake } from '../../analytics/store/lake/lake-folder.ts';
import { type Manifest, manifestText } from '../../analytics/store/lake/manifest.ts';
import { indicia } from '../support/command-line.ts';
import { LakeWorld } from '../support/lake.ts';
import { temporaryFolder } from '../support/temporary.ts';

let lake: LakeWorld;
let folder: string;

before(async (test) => {
  assert.ok('after' in test);
  folder = await temporaryFolder(test);
  lake = new LakeWorld(folder);
  await lake.setRegistry();
  for (let batch = 0; batch < 3; batch++) {
    await lake.record(10, {}, true);
    await lake.write();
  }
  await lake.detect();
  await lake.write();
  lake.close();
});

describe('doctor --lake', () => {
  let copies = 0;

  /** A lake to do harm to, and its newest version. */
  function copied(): { readonly path: string; readonly manifest: Manifest; readonly evidence: string } {
    const path = join(folder, `copy-${copies++}`);
    cpSync(lake.lake, path, { recursive: true });
    const [manifest] = readLake(path);
    const evidence = manifest?.tables.evidence?.files[1]?.path;
    assert.ok(manifest !== undefined && evidence !== undefined);
    return { path, manifest, evidence };
  }

  async function problemsOf(path: string) {
    const { problems } = await auditLake(path, () => {});
    return problems.map(({ problem, path: file, detail }) => `${problem} ${file ?? detail}`);
  }

  it('finds a whole lake whole, and says what it is of', async () => {
    const { stdout, exitCode } = await indicia(['doctor', '--lake', lake.lake, '--db', lake.store, '--json']);
    assert.equal(exitCode, 0);
    const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    assert.deepEqual({ rows: said.rows, isWhole: said.isWhole }, { rows: 33, isWhole: true });
  });

  it('names a file that was changed, is missing, or is not of the lake, with exit code 3', async () => {
    const changed = copied();
    appendFileSync(join(changed.path, changed.evidence), 'x');
    assert.deepEqual(await problemsOf(changed.path), [`file-changed ${changed.evidence}`]);
    const { stdout, exitCode } = await indicia(['doctor', '--lake', changed.path]);
    assert.equal(exitCode, 3);
    assert.match(stdout, new RegExp(`file-changed: ${changed.evidence}: \\d+ bytes`));

    const missing = copied();
    rmSync(join(missing.path, missing.evidence));
    assert.deepEqual(await problemsOf(missing.path), [`file-missing ${missing.evidence}`]);
    const asked = await indicia(['query', '--db', missing.path, 'select 1']);
    assert.equal(asked.exitCode, 2);
    assert.match(asked.stderr, new RegExp(missing.evidence));

    const foreign = copied();
    cpSync(join(foreign.path, foreign.evidence), join(foreign.path, 'evidence/more.parquet'));
    assert.deepEqual(await problemsOf(foreign.path), ['file-foreign evidence/more.parquet']);
    const counted = await indicia(['query', '--db', foreign.path, '--format', 'csv', 'select count(*) from scans']);
    assert.match(counted.stdout, /\n33\n/, 'it is read by nobody');
  });

  it('finds a row that was changed together with the digest of its file, and a row that was left out', async () => {
    const cases = [
      ['select * replace (if(row_id = 13, 9, postage_mills) as postage_mills)', /row-changed row 13, scan/],
      ['select *', /row-missing row 14 is missing/, 'where row_id <> 14'],
    ] as const;
    for (const [select, expected, where = ''] of cases) {
      const { path, manifest, evidence } = copied();
      const file = join(path, evidence);
      const instance = await DuckDBInstance.create(':memory:');
      const connection = await instance.connect();
      await connection.run(
        `create table t as ${select} from read_parquet('${file}', hive_partitioning = false) ${where}`,
      );
      await connection.run(`copy t to '${file}' (format parquet)`);
      connection.closeSync();
      instance.closeSync();
      rewrite(path, manifest, evidence, await digestOfFile(file));
      assert.match((await problemsOf(path)).join('\n'), expected);
    }
  });

  it('finds a manifest that was changed, and a lake of another store', async () => {
    const { path, manifest } = copied();
    const older = join(path, 'manifests/partition=0000', '000000000002.json');
    writeFileSync(older, readFileSync(older, 'utf8').replace('"writtenAtMs":null', '"writtenAtMs":1'));
    assert.deepEqual(await problemsOf(path), ['manifest-broken manifests/partition=0000/000000000002.json']);

    const shorter = copied();
    const links = manifest.tables.links?.files.slice(0, -1) ?? [];
    replace(shorter.path, { ...manifest, tables: { ...manifest.tables, links: { seal: null, files: links } } });
    assert.match((await problemsOf(shorter.path)).join('\n'), /chain-broken version 5 says 33 rows/);

    const other = new LakeWorld(join(folder, 'other'));
    await other.record(3);
    other.close();
    const { stdout, exitCode } = await indicia(['doctor', '--lake', lake.lake, '--db', other.store, '--json']);
    assert.equal(exitCode, 3);
    assert.match(stdout, /"problem":"other-store"/);
  });

  /** As somebody does who changes the digest of a file along with it. */
  function rewrite(
    path: string,
    manifest: Manifest,
    evidence: string,
    digest: { bytes: number; sha256: string },
  ): void {
    const files = manifest.tables.evidence?.files.map((file) =>
      file.path === evidence ? { ...file, ...digest } : file,
    );
    replace(path, { ...manifest, tables: { ...manifest.tables, evidence: { seal: null, files: files ?? [] } } });
    for (const name of readdirSync(join(path, 'manifests/partition=0000')).toSorted().slice(0, -1)) {
      rmSync(join(path, 'manifests/partition=0000', name));
    }
  }

  function replace(path: string, manifest: Manifest): void {
    const name = `${String(manifest.version).padStart(12, '0')}.json`;
    writeFileSync(join(path, 'manifests/partition=0000', name), manifestText(manifest));
  }
});
