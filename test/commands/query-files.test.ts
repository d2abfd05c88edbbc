import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readSheet } from 'read-excel-file/node';
import { openForQueries, QueryError, Store, writeResult } from '../../analytics/index.ts';
import { runProgram } from '../../commands/program.ts';
import { indicia } from '../support/command-line.ts';

const run = promisify(execFile);

describe('files of answers', () => {
  let folder: string;
  let db: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
    db = join(folder, 'empty.duckdb');
    (await Store.open(db)).close();
  });
  after(() => rm(folder, { recursive: true }));

  async function workbook(name: string, sql: string): Promise<string> {
    const path = join(folder, name);
    const { exitCode, stdout, stderr } = await indicia([
      'query',
      '--db',
      db,
      '--format',
      'xlsx',
      '--output',
      path,
      sql,
    ]);
    assert.deepEqual([exitCode, stdout, stderr], [0, '', '']);
    return path;
  }

  it('are workbooks whose ids, times and long numbers are text, and whose numbers are numbers', async () => {
    const path = await workbook(
      'types.xlsx',
      `select '000123' as mailpiece, 700137::bigint as license, 12::bigint as scan_id, 5::ubigint as content_digest, 42 as pieces,
        999999999999999::bigint as fits, 1000000000000000::bigint as long, 9007199254740993::bigint as longer, 0.73::decimal(9, 2) as price,
        1.5::double as share, true as genuine, make_timestamp(1795514580123456) as scanned_at, null as nothing, '' as empty, ['a', 'b'] as reasons,
        'nan'::double as none`,
    );
    const [header, row] = await readSheet(path);
    assert.deepEqual(header?.slice(0, 4), ['mailpiece', 'license', 'scan_id', 'content_digest']);
    assert.deepEqual(row, [
      '000123',
      '700137',
      '12',
      '5',
      42,
      999999999999999,
      '1000000000000000',
      '9007199254740993',
      0.73,
      1.5,
      true,
      '2026-11-24T10:03:00.123456Z',
      null,
      // As this reader gives an empty text.
      null,
      'a b',
      'NaN',
    ]);
  });

  it('have no formula in a workbook, and no markup of its cells', async () => {
    const hostile = ['=1+1', '+1', '-1', '@SUM(A1)', '<f>1</f>&amp;', '_x0041_', '"quoted"', ' spaces '];
    const columns = hostile.map((text, index) => `'${text}' as c${index}`).join(', ');
    const path = await workbook('hostile.xlsx', `select ${columns}`);
    const { stdout } = await run('unzip', ['-p', path, 'xl/worksheets/sheet1.xml']);
    assert.doesNotMatch(stdout, /<f[ >]/);
    assert.equal(stdout.match(/<c r="[A-H]2" s="1" t="inlineStr">/g)?.length, hostile.length);
    assert.match(stdout, /<t xml:space="preserve">_x005F_x0041_<\/t>/);
    await run('unzip', ['-tq', path]);
    const sheet = await readSheet(path, { trim: false });
    assert.deepEqual(
      sheet[1]?.map((cell) => String(cell).replace('_x005F_', '_')),
      hostile.map((text) => text.replace('_x005F_', '_')),
    );
  });

  it('name the column whose text no cell of Excel holds', async () => {
    const args = ['query', '--db', db, '--format', 'xlsx', '--output', join(folder, 'long.xlsx')];
    const { exitCode, stderr } = await indicia([...args, "select repeat('a', 32768) as words"]);
    assert.deepEqual(
      [exitCode, existsSync(join(folder, 'long.xlsx')), existsSync(join(folder, 'long.xlsx.partial'))],
      [2, false, false],
    );
    assert.match(stderr, /column "words": a text of 32768 characters; a cell of Excel has 32767/);
  });

  it('have as many rows as a sheet of Excel, or none and its limit', async () => {
    const store = await openForQueries([db]);
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    try {
      assert.equal(await writeResult(await store.query('from range(1048575)'), 'xlsx', nowhere), 1_048_575);
      await assert.rejects(writeResult(await store.query('from range(1048576)'), 'xlsx', nowhere), (error) => {
        return (
          error instanceof QueryError && /more than 1,048,575 rows: a sheet of Excel has 1,048,576/.test(error.message)
        );
      });
    } finally {
      store.close();
    }
  });

  it('are new files, whole or not there', async () => {
    const path = join(folder, 'answer.csv');
    const args = ['query', '--db', db, '--format', 'csv', '--output', path];
    assert.equal(
      (await indicia([...args, "select 'a\"b,c' as x, '' as y, null as z, '-1.5' as n, '-1+1' as f"])).exitCode,
      0,
    );
    assert.equal(await readFile(path, 'utf8'), `x,y,z,n,f\n"a""b,c","",,-1.5,'-1+1\n`);
    const again = await indicia([...args, 'select 1']);
    assert.deepEqual([again.exitCode, /is there already: name a new file/.test(again.stderr)], [2, true]);
    const store = await indicia(['query', '--db', db, '--output', db, 'select 1']);
    assert.deepEqual([store.exitCode, /is there already/.test(store.stderr)], [2, true]);
    const broken = join(folder, 'broken.json');
    const failed = await indicia([
      'query',
      '--db',
      db,
      '--format',
      'json',
      '--output',
      broken,
      "select error('no') from range(3)",
    ]);
    assert.deepEqual([failed.exitCode, existsSync(broken), existsSync(`${broken}.partial`)], [2, false, false]);
    await writeFile(`${broken}.partial`, 'of another run');
    assert.equal((await indicia(['query', '--db', db, '--output', broken, 'select 1'])).exitCode, 2);
    assert.equal(await readFile(`${broken}.partial`, 'utf8'), 'of another run');
  });

  it('are not put on a terminal when they are not text', async () => {
    for (const format of ['arrow', 'parquet', 'xlsx', 'csv']) {
      const written: string[] = [];
      const sink = (isTTY: boolean) => {
        const stream = new Writable({
          write(chunk, _, done) {
            written.push(String(chunk));
            done();
          },
        });
        return Object.assign(stream, { isTTY });
      };
      const terminal = {
        stdin: Readable.from([]),
        stdout: sink(true),
        stderr: sink(true),
        isWatched: false,
        nowMs: () => 0,
      };
      const argv = ['node', 'indicia', 'query', '--db', db, '--format', format, 'select 1 as a'];
      const exitCode = await runProgram(argv, terminal);
      if (format === 'csv') assert.deepEqual([exitCode, written.join('')], [0, 'a\n1\n']);
      else
        assert.deepEqual(
          [exitCode, written.join('')],
          [2, `indicia: ${format} is not for a terminal: add --output FILE, or send it into a file\n`],
        );
    }
  });
});
