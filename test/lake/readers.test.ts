import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simulate } from '../../psd-sim/index.ts';
import { indicia } from '../support/command-line.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/lake-readers');
const PYTHON = join(CACHE, 'bin/python');
/** Spark and ClickHouse are 700 MB: only where they are asked for. */
const ALL = process.env.INDICIA_READERS === 'all';
const INSTALL_MS_MAX = 900_000;

/** Blocks of the document by what stands after `python`. */
const snippets = new Map(
  [...readFileSync(join(ROOT, 'docs/LAKE.md'), 'utf8').matchAll(/^```python (\S+)\n(.*?)^```$/gms)].map(
    ([, name = '', text = '']) => [name, text],
  ),
);

const hasPython = spawnSync('python3', ['-m', 'venv', '--help']).status === 0;
const NO_PYTHON = hasPython ? false : 'there is no python3 with venv';
const NOT_ASKED = NO_PYTHON || (ALL ? false : 'INDICIA_READERS=all installs Spark and ClickHouse');

/** Installs once, for this list; a list that changed is installed anew. */
function install(): void {
  const lists = ['requirements.txt', ...(ALL ? ['requirements-all.txt'] : [])];
  const wanted = lists.map((name) => readFileSync(join(ROOT, 'test/lake', name), 'utf8')).join('');
  const mark = join(CACHE, 'installed.txt');
  if (existsSync(mark) && readFileSync(mark, 'utf8').startsWith(wanted)) return;
  execFileSync('python3', ['-m', 'venv', CACHE]);
  const files = lists.flatMap((name) => ['-r', join(ROOT, 'test/lake', name)]);
  execFileSync(PYTHON, ['-m', 'pip', 'install', '--quiet', ...files], { timeout: INSTALL_MS_MAX });
  writeFileSync(mark, wanted);
}

describe('the lake in other engines, as docs/LAKE.md shows it', { concurrency: false }, () => {
  let folder = '';
  let expected: Record<string, string> = {};

  before(async () => {
    if (NO_PYTHON !== false) return;
    install();
    folder = mkdtempSync(join(tmpdir(), 'indicia-readers-'));
    const day = { seed: 9, pieces: 300, psds: 4, licenses: 3, frauds: ['copy'] as const, images: 'none' } as const;
    await simulate({ ...day, frauds: [...day.frauds], dayMs: Date.UTC(2026, 10, 20) }, folder);
    const [lake, db] = [join(folder, 'lake'), join(folder, 'day.duckdb')];
    const source = ['run', join(folder, 'scans.ndjson'), '--registry', join(folder, 'registry')];
    const run = await indicia([...source, '--db', db, '--lake', lake]);
    assert.equal(run.exitCode, 0, run.stderr);
    const totals = `select count(*) as scans, sum(postage_mills)::bigint as mills, max(content_digest) as digest,
      min(epoch_ms(scanned_at_ms)) as first from store.evidence`;
    const { stdout, stderr } = await indicia(['query', '--db', db, '--format', 'json', totals]);
    assert.equal(stderr, '');
    expected = JSON.parse(stdout)[0] ?? JSON.parse(stdout);
    writeFileSync(join(folder, 'files.py'), snippets.get('files.py') ?? '');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function run(name: string): string {
    const text = snippets.get(name);
    assert.ok(text !== undefined, `docs/LAKE.md has no snippet ${name}`);
    writeFileSync(join(folder, `${name}-snippet.py`), text);
    const { stdout, stderr, status } = spawnSync(PYTHON, [`${name}-snippet.py`], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  function agrees(said: string): void {
    for (const name of ['scans', 'mills', 'digest']) {
      assert.match(
        said.replaceAll(/Decimal\('(\d+)'\)/g, '$1'),
        new RegExp(`\\b${expected[name]}\\b`),
        `${name} in ${said}`,
      );
    }
    const first = new Date(expected.first ?? '');
    const inWords = `${first.getUTCFullYear()}, ${first.getUTCMonth() + 1}, ${first.getUTCDate()}, ${first.getUTCHours()}`;
    const inDigits = first.toISOString().slice(0, 16).replace('T', ' ');
    assert.ok(said.includes(inWords) || said.includes(inDigits), `${said} has neither ${inWords} nor ${inDigits}`);
  }

  it('counts, sums and times agree in DuckDB for Python', { skip: NO_PYTHON }, () => agrees(run('duckdb')));

  it('in pandas through pyarrow', { skip: NO_PYTHON }, () => agrees(run('pandas')));

  it('keep their types in pyarrow', { skip: NO_PYTHON }, () => {
    const types = `
import pyarrow.dataset
from files import files
schema = pyarrow.dataset.dataset(list(files("lake", "evidence"))).schema
for name in ["row_id", "postage_mills", "piece_count", "content_digest", "payload", "scan_id", "scanned_at"]:
    print(name, schema.field(name).type)
`;
    writeFileSync(join(folder, 'column-types.py'), types);
    const { stdout, stderr } = spawnSync(PYTHON, ['column-types.py'], { cwd: folder, encoding: 'utf8' });
    assert.deepEqual(
      stdout.trim().split('\n'),
      [
        'row_id int64',
        'postage_mills int64',
        'piece_count uint64',
        'content_digest uint64',
        'payload binary',
        'scan_id string',
        'scanned_at timestamp[us, tz=UTC]',
      ],
      stderr,
    );
  });

  it('in ClickHouse', { skip: NOT_ASKED }, () => agrees(run('chdb')));

  it('in Spark, which finds the copies that our detector finds', { skip: NOT_ASKED }, async () => {
    const said = run('spark');
    agrees(said);
    const { stdout } = await indicia([
      ...['query', '--db', join(folder, 'lake'), '--format', 'csv'],
      "select count(distinct (license, psd, key)) as copies from findings where kind in ('copy', 'fork')",
    ]);
    assert.equal(said.trim().split('\n').at(-1), stdout.trim().split('\n').at(-1));
  });
});
