import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { missingFrom, openForQueries, probeSandbox, Store } from '../../analytics/index.ts';
import { confined } from '../../analytics/query-process/sandbox.ts';
import { QueriedStore, strangersSettings } from '../../analytics/store/queries/queried-store.ts';
import { runProgram } from '../../commands/program.ts';
import { Collected } from '../support/collected.ts';
import { indicia, jsonLines, MAIN } from '../support/command-line.ts';
import { HOGS, HOSTILE_STATEMENTS } from '../support/hostile-statements.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const KINDS_ASKED = [
  'to read a file',
  'to read a file by its name alone',
  'to change a setting',
  'to bring more than one statement',
  'to overflow the parser',
] as const;

interface Summary {
  readonly rows: number;
  readonly rowsSeen: number;
  readonly isWhole: boolean;
  readonly code?: string;
}

/** SQL of each command `indicia query` in a document, also where the command goes over several lines. */
function queriesIn(path: string): string[] {
  const commands = readFileSync(join(ROOT, path), 'utf8').matchAll(/indicia query (?:[^"\n]|\\\n)*"([^"]+)"/g);
  return [...commands].map(([, sql = '']) => sql);
}

describe('query --safe', { concurrency: 2 }, () => {
  let folder: string;
  let db: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
    db = join(folder, 'day.duckdb');
    (await Store.open(db)).close();
  });
  after(() => rm(folder, { recursive: true }));

  const safe = (sql: string, ...flags: string[]) => indicia(['query', '--db', db, '--safe', ...flags, sql]);
  const summaryOf = (stderr: string): Summary | undefined => jsonLines<Summary>(stderr).at(-1);

  it('answers every query of the documents', async () => {
    const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name));
    const queries = ['README.md', 'examples/README.md', 'commands/store/query-command.ts', ...pages].flatMap(queriesIn);
    assert.ok(queries.length >= 10, `${queries.length}`);
    for (const sql of new Set(queries)) {
      const { exitCode, stderr } = await safe(sql, '--format', 'csv');
      assert.deepEqual([exitCode, stderr], [0, ''], sql);
    }
  });

  it('refuses hostile statements by a code', async () => {
    const expected = {
      'to read a file': 'unknown-function',
      'to read a file by its name alone': 'unknown-view',
      'to change a setting': 'not-a-select',
      'to bring more than one statement': 'several-statements',
      'to overflow the parser': 'too-deep',
    } as const satisfies Partial<Record<keyof typeof HOSTILE_STATEMENTS, string>>;
    for (const kind of KINDS_ASKED) {
      const [first] = HOSTILE_STATEMENTS[kind];
      const { exitCode, stdout, stderr } = await safe(first, '--json');
      assert.deepEqual([exitCode, stdout, summaryOf(stderr)?.code], [2, '', expected[kind]], first);
    }
  });

  for (const sql of HOGS.memory) {
    it(`ends what takes too much memory: ${sql}`, async () => {
      const { exitCode, stdout, stderr } = await safe(sql, '--memory', '64', '--deadline', '2', '--json');
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(summaryOf(stderr)?.code ?? '', /^(?:memory|query|deadline|processor-time)$/);
    });
  }

  for (const sql of HOGS.time) {
    it(`ends what takes too long: ${sql}`, async () => {
      const { exitCode, stdout, stderr } = await safe(sql, '--deadline', '1', '--json');
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(summaryOf(stderr)?.code ?? '', /^(?:deadline|processor-time|memory)$/);
    });
  }

  it('says "N of M" where the answer is cut, in every format, and ends with 3', async () => {
    for (const format of ['csv', 'ndjson', 'arrow', 'parquet', 'table']) {
      const { exitCode, stderr, stdoutBytes } = await safe(
        'from range(5000)',
        '--format',
        format,
        '--rows-max',
        '3000',
      );
      assert.deepEqual([exitCode, stderr], [3, 'indicia: 3,000 of 5,000 rows: the answer is cut\n'], format);
      assert.equal(await rowsOf(format, stdoutBytes), 3_000, format);
    }
  });

  it('says for machines how it ended', async () => {
    const cut = await safe('from range(5000)', '--format', 'csv', '--rows-max', '3000', '--json');
    assert.deepEqual(summaryOf(cut.stderr), { rows: 3_000, rowsSeen: 5_000, isWhole: false });
    const whole = await safe('from range(5000)', '--format', 'csv', '--rows-max', '5000', '--json');
    assert.deepEqual(summaryOf(whole.stderr), { rows: 5_000, rowsSeen: 5_000, isWhole: true });
  });

  it('leaves no file of an answer that was ended on its way, and no folder of its process', async () => {
    const path = join(folder, 'half.csv');
    const { exitCode } = await safe(
      'from range(10000000000)',
      '--deadline',
      '2',
      '--format',
      'csv',
      '--output',
      path,
      '--rows-max',
      '1000000000',
    );
    assert.deepEqual([exitCode, existsSync(path), existsSync(`${path}.partial`)], [2, false, false]);
  });

  it('ends with its process and folder when the reader of the answer has gone', async () => {
    const place = join(folder, 'temporary');
    await mkdir(place);
    const command = `"$0" "$1" query --db "$2" --safe --format csv --rows-max 1000000000 'from range(100000000000)' | head -1`;
    const { stdout } = await run('sh', ['-c', command, process.execPath, MAIN, db], {
      env: { ...process.env, TMPDIR: place },
    });
    assert.deepEqual([stdout, readdirSync(place)], ['range\n', []]);
  });

  it('leaves the store as it was', async () => {
    const before = await readFile(db);
    await safe(`copy (select 1) to '${db}' (format csv, use_tmp_file false)`);
    await safe('delete from store.evidence');
    assert.ok(before.equals(await readFile(db)));
  });

  it('says what of a network and of memory this system does not hold', async () => {
    const sandbox = await probeSandbox();
    assert.equal(missingFrom(sandbox).length === 0, sandbox.withoutNetwork !== null && sandbox.hasLimits);
    assert.match(missingFrom({ withoutNetwork: null, hasLimits: true }).join(), /keeps its network/);
    assert.match(missingFrom({ withoutNetwork: ['unshare'], hasLimits: false }).join(), /only the limit of DuckDB/);
  });

  it('starts its process where there is no network, no file to write to and no memory beyond its own', async () => {
    const sandbox = await probeSandbox();
    const inside = async (script: string) => {
      const limits = { deadlineMs: 1, memoryMib: 64, rowsMax: 1, bytesMax: 1 };
      const [command = '', ...args] = confined([process.execPath, '-e', script], sandbox, limits, false);
      return run(command, args).then(
        ({ stdout }) => stdout,
        ({ signal }: { readonly signal: string | null }) => signal ?? 'died',
      );
    };
    const path = join(folder, 'written');
    if (sandbox.withoutNetwork !== null) {
      assert.equal(await inside('process.stdout.write(JSON.stringify(os.networkInterfaces()))'), '{}');
    }
    if (!sandbox.hasLimits || process.platform !== 'linux') return;
    assert.equal(
      await inside(`try { fs.writeFileSync('${path}', 'x') } catch (error) { process.stdout.write(error.code) }`),
      'EFBIG',
    );
    assert.equal(await inside('Buffer.alloc(2 ** 31, 1); process.stdout.write("all of it")'), 'died');
    assert.equal(await inside('for (;;);'), 'SIGXCPU');
  });

  it('has limits that are refused without it', async () => {
    const { exitCode, stderr } = await indicia(['query', '--db', db, '--rows-max', '5', 'select 1']);
    assert.deepEqual([exitCode, stderr], [2, 'indicia: --memory and --rows-max are for --safe\n']);
  });
});

describe('query', () => {
  let folder: string;
  let db: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
    db = join(folder, 'day.duckdb');
    (await Store.open(db)).close();
  });
  after(() => rm(folder, { recursive: true }));

  it('gives more than a million rows', async () => {
    const { exitCode, stdoutBytes } = await indicia(['query', '--db', db, '--format', 'csv', 'from range(1200000)']);
    assert.deepEqual([exitCode, await rowsOf('csv', stdoutBytes)], [0, 1_200_000]);
  });

  it('says how many statements stand in one text', async () => {
    const { exitCode, stderr } = await indicia(['query', '--db', db, 'select 1; select 2']);
    assert.deepEqual([exitCode, /one statement at a time: these are 2/.test(stderr)], [2, true]);
  });

  it('ends at a deadline, also within a function that cannot be interrupted', async () => {
    const args = ['query', '--db', db, '--deadline', '1', '--json', 'select len(range(2e9::bigint))'];
    const { exitCode, stderr } = await indicia(args);
    assert.deepEqual([exitCode, jsonLines<Summary>(stderr)[0]?.code], [2, 'deadline']);
  });

  for (const [how, flags] of [
    ['here', []],
    ['in a process', ['--safe']],
    ['in a process of the own statement', ['--deadline', '60']],
  ] as const) {
    it(`ends in order on Ctrl-C, ${how}`, async () => {
      const path = join(folder, `${how}.csv`);
      const sql = 'from range(100000000000)';
      const args = ['query', '--db', db, ...flags, '--format', 'csv', '--output', path, sql];
      const { exitCode, stderr } = await indicia(args, {
        onStart: async (kill) => {
          while (!existsSync(`${path}.partial`)) await new Promise((resolve) => setTimeout(resolve, 50));
          kill('SIGINT');
        },
      });
      assert.deepEqual([exitCode, stderr, existsSync(path)], [130, 'indicia: stopped\n', false]);
      assert.equal(existsSync(`${path}.partial`), false);
    });
  }

  it('shows how far it is to a person who watches', async () => {
    const [stdout, stderr] = [new Collected(), new Collected()];
    const terminal = { stdin: Readable.from([]), stdout, stderr, isWatched: true, nowMs: () => Date.now() };
    const argv = ['node', 'indicia', 'query', '--db', db, '--format', 'csv', 'from range(1200000)'];
    assert.equal(await runProgram(argv, terminal), 0);
    assert.match(stderr.text, /\r[\d,]+ rows, \d+ s/);
    assert.match(stderr.text, /\r +\r$/);
  });
});

describe('a store that is opened for strangers', () => {
  it('has no folder that a statement may write to', async (test) => {
    const folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
    test.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 'day.duckdb');
    (await Store.open(path)).close();
    const foldersOf = async (store: QueriedStore) => {
      const result = await store.query("select unnest(current_setting('allowed_directories'))");
      return result.countAll();
    };
    const own = await openForQueries([path]);
    assert.equal(await foldersOf(own), 1);
    own.close();
    const strangers = await QueriedStore.open({ path, others: [], parquet: [] }, strangersSettings(64), () => {});
    assert.equal(await foldersOf(strangers), 0);
    strangers.close();
  });
});

async function rowsOf(format: string, bytes: Buffer): Promise<number> {
  if (format === 'arrow') return tableFromIPC(bytes).numRows;
  if (format === 'csv') return bytes.toString().split('\n').length - 2;
  if (format === 'ndjson') return bytes.toString().split('\n').length - 1;
  if (format === 'table') return bytes.toString().split('\n').length - 4;
  const folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
  await writeFile(join(folder, 'x.parquet'), bytes);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const read = await connection.runAndReadAll(`select count(*) from '${join(folder, 'x.parquet')}'`);
  connection.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true });
  return Number(read.getRows()[0]?.[0]);
}
