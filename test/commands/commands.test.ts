import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { COMMAND_NAMES } from '../../commands/catalog.ts';
import { simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { scannedPicture, symbolImage } from '../support/pictures.ts';
import { temporaryFolder } from '../support/temporary.ts';

let day = '';
let db = '';
let payload = '';

before(async (context) => {
  if (!('after' in context)) throw new TypeError('a hook of a suite');
  day = await temporaryFolder(context);
  db = join(day, 'day.duckdb');
  await simulate(
    {
      seed: 2,
      pieces: 300,
      psds: 6,
      licenses: 4,
      frauds: ['copy', 'fork'],
      images: 'none',
      dayMs: Date.UTC(2026, 10, 20),
    },
    day,
  );
  const [first] = jsonLines<{ payload: string }>(await readFile(join(day, 'scans.ndjson'), 'utf8'));
  payload = first?.payload ?? '';
  const { exitCode, stderr } = await indicia(['run', day, '--registry', join(day, 'registry'), '--db', db]);
  assert.equal(exitCode, 0, stderr);
});

describe('help', () => {
  const commands = [
    'demo',
    'simulate',
    'run',
    'decode',
    'verify',
    'verdicts',
    'findings',
    'detect',
    'query',
    'reconcile',
    'report',
    'bench',
    'serve',
    'openapi',
    'fleet',
    'doctor',
    'archive',
    'restore',
    'revisions',
    'cases',
    'trust',
    'token',
    'kafka',
    'lake',
  ];

  it('is that of commands which are loaded by their names', () => {
    assert.deepEqual(COMMAND_NAMES.toSorted(), commands.toSorted());
  });

  it('lists every command', async () => {
    const { stdout, exitCode } = await indicia(['--help']);
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command}\\b`, 'm'));
    assert.equal(exitCode, 0);
  });

  for (const command of commands) {
    it(`of ${command} has an example`, async () => {
      const { stdout, exitCode } = await indicia([command, '--help']);
      assert.match(stdout, new RegExp(`Examples?:\\n {2}indicia ${command}`));
      assert.equal(exitCode, 0);
    });
  }
});

describe('run', () => {
  it('again finds nothing new and keeps the verdicts', async () => {
    const before = (await indicia(['verdicts', '--db', db])).stdout;
    const again = await indicia(['run', day, '--registry', join(day, 'registry'), '--db', db, '--json']);
    assert.equal(JSON.parse(again.stdout).scans, 0);
    assert.equal((await indicia(['verdicts', '--db', db])).stdout, before);
  });

  it('takes scans from standard input, and recognizes those it knows', async () => {
    const scans = await readFile(join(day, 'scans.ndjson'), 'utf8');
    const args = ['run', '-', '--registry', join(day, 'registry'), '--json'];
    const { stdout } = await indicia([...args, '--db', db], { stdin: scans });
    assert.deepEqual([JSON.parse(stdout).scans, JSON.parse(stdout).repeated], [0, scans.trim().split('\n').length]);
  });
});

describe('verdicts and findings', () => {
  it('come as one JSON object a line, in the shape of the contract', async () => {
    const verdicts = jsonLines<object>((await indicia(['verdicts', '--db', db])).stdout);
    assert.ok(verdicts.length > 300);
    for (const verdict of verdicts) assert.deepEqual(Object.keys(verdict), ['scanId', 'disposition', 'reasons']);
    const findings = jsonLines<{ kind: string }>((await indicia(['findings', '--db', db])).stdout);
    // Where the clone's piece counts come after the original's, the registers ran backwards too.
    assert.deepEqual(new Set(findings.map(({ kind }) => kind)), new Set(['copy', 'fork', 'rollback']));
    for (const finding of findings) {
      assert.deepEqual(Object.keys(finding), [
        'kind',
        'severity',
        'license',
        'psd',
        'scanIds',
        'detail',
        'policyVersion',
        'broughtBy',
        'wordOf',
        'role',
      ]);
    }
  });

  it('detect gives the same findings again', async () => {
    const before = (await indicia(['findings', '--db', db])).stdout;
    const { stdout } = await indicia(['detect', '--db', db, '--json']);
    assert.equal(JSON.parse(stdout).findings, jsonLines(before).length);
    assert.equal((await indicia(['findings', '--db', db])).stdout, before);
  });
});

describe('verify', () => {
  const verify = (...payloads: string[]) =>
    indicia(['verify', '--registry', join(day, 'registry'), '--json', ...payloads]);

  it('takes base64, hex, a file of bytes or a picture', async (test) => {
    const folder = await temporaryFolder(test);
    const bytes = Buffer.from(payload, 'base64');
    await writeFile(join(folder, 'mark.bin'), bytes);
    await writeFile(join(folder, 'mark.png'), scannedPicture(bytes, 'crop', 'verify').bytes);
    const { stdout, exitCode } = await verify(
      payload,
      bytes.toString('hex'),
      join(folder, 'mark.bin'),
      join(folder, 'mark.png'),
    );
    const outcomes = jsonLines<{ outcome: string }>(stdout);
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ['valid', 'valid', 'valid', 'valid'],
    );
    assert.equal(exitCode, 0);
  });

  it('prints every check of a forged mark, up to the one that failed', async () => {
    const bytes = Buffer.from(payload, 'base64');
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    const { stdout, exitCode } = await verify(bytes.toString('base64'));
    const [line] = jsonLines<{ outcome: string; reason: string; checks: { name: string; result: string }[] }>(stdout);
    assert.equal(line?.outcome, 'forged');
    assert.deepEqual(
      line?.checks.map(({ name, result }) => `${name} ${result}`),
      [
        'format passed',
        'key passed',
        'owner passed',
        'suite passed',
        'signature failed',
        'validity not reached',
        'compromise not reached',
        'revocation not reached',
        'license not reached',
        'grant not reached',
        'spread not reached',
        'date not reached',
        'receipt not reached',
        'sightings not reached',
      ],
    );
    assert.equal(exitCode, 3);
  });

  const resultsOf = (stdout: string) => {
    const [line] = jsonLines<{ outcome: string; checks: { name: string; result: string }[] }>(stdout);
    const results = Object.fromEntries((line?.checks ?? []).map(({ name, result }) => [name, result]));
    return [line?.outcome, results.date, results.receipt, results.sightings];
  };

  it('says which checks it did not make, and makes them where the times are given', async () => {
    const alone = await verify(payload);
    assert.deepEqual(resultsOf(alone.stdout), ['valid', 'not checked', 'not checked', 'not checked']);
    const near = await verify(
      '--scanned-at',
      '2026-11-20T12:00:00Z',
      '--received-at',
      '2026-11-20T13:00+01:00',
      payload,
    );
    assert.deepEqual(resultsOf(near.stdout), ['valid', 'passed', 'passed', 'not checked']);
    const late = await verify('--scanned-at', '2026-11-20T12:00:00Z', '--received-at', '2027-11-20T13:00:00Z', payload);
    assert.deepEqual(resultsOf(late.stdout), ['date-anomaly', 'passed', 'failed', 'not checked']);
    assert.equal(late.exitCode, 3);
    const text = await indicia(['verify', '--registry', join(day, 'registry'), payload]);
    assert.match(text.stdout, /^valid, 3 of 14 checks not made\n/);
    assert.match(
      text.stdout,
      /\? Is the date of the mark near that of the scan\? not checked: the time of the scan is not known/,
    );
  });

  it('answers for what is not a payload at all', async () => {
    const { stdout, exitCode } = await verify('AGhlbGxv', '');
    assert.deepEqual(
      jsonLines<{ outcome: string }>(stdout).map(({ outcome }) => outcome),
      ['unknown-version', 'payload-empty'],
    );
    assert.equal(exitCode, 3);
  });
});

describe('decode', () => {
  it('reports symbology and bytes of images of any origin, and goes on after a file that is not an image', async (test) => {
    const folder = await temporaryFolder(test);
    for (const bcid of ['azteccode', 'datamatrix', 'pdf417', 'qrcode']) {
      await writeFile(
        join(folder, `${bcid}.png`),
        await symbolImage(bcid, Buffer.from(`from elsewhere`)).png().toBuffer(),
      );
    }
    await writeFile(join(folder, 'broken.png'), 'no picture');
    const { stdout, stderr, exitCode } = await indicia(['decode', folder, join(folder, 'gone.png'), '--json']);
    const lines = jsonLines<{
      file: string;
      symbology: string;
      payload: string;
      text: string;
      reason: string;
      readMs: number;
    }>(stdout);
    assert.deepEqual(
      lines.map(({ symbology, payload: base64, reason }) => [
        symbology,
        base64 && Buffer.from(base64, 'base64').toString(),
        reason,
      ]),
      [
        ['Aztec', 'from elsewhere', 'unknown-version'],
        [null, null, 'image-unsupported'],
        ['DataMatrix', 'from elsewhere', 'unknown-version'],
        ['PDF417', 'from elsewhere', 'unknown-version'],
        ['QRCode', 'from elsewhere', 'unknown-version'],
        [null, null, 'image-missing'],
      ],
    );
    assert.ok(lines.every(({ readMs }) => typeof readMs === 'number'));
    assert.match(stderr, /2 of the images gave no symbol/);
    assert.equal(exitCode, 3);
  });

  it('shows the rung that read a mark, and what was tried where none did', async (test) => {
    const folder = await temporaryFolder(test);
    const frame = symbolImage('datamatrix', Buffer.from(payload, 'base64'));
    const { width = 0, height = 0 } = await frame.metadata();
    await writeFile(join(folder, 'a.grey'), await frame.toColourspace('b-w').raw().toBuffer());
    await writeFile(join(folder, 'b.grey'), Buffer.alloc(width * height, 240));
    await writeFile(join(folder, 'c.grey'), Buffer.alloc(17));
    const { stdout } = await indicia(['decode', folder, '--raw', `${width}x${height}`, '--json']);
    const lines = jsonLines<{ rung: string; reason: string; attempts: { rung: string; tries: number; ms: number }[] }>(
      stdout,
    );
    assert.deepEqual(
      lines.map(({ rung, reason }) => [rung, reason]),
      [
        ['located', null],
        [null, 'no-symbol'],
        [null, 'image-corrupt'],
      ],
    );
    assert.deepEqual(
      lines[0]?.attempts.map(({ rung, tries }) => [rung, tries]),
      [['located', 1]],
    );
    assert.equal(lines[1]?.attempts.at(-1)?.rung, 'any symbology');
    assert.deepEqual(lines[2]?.attempts, []);
  });

  it('shows the fields of a mark of another post, whose keys nobody has', async (test) => {
    const file = join(await temporaryFolder(test), 'mailmark.png');
    const mailmark = Buffer.from('JGB 011123456700012345EC1A1BB1A0SW1A1AA      HELLO');
    await writeFile(file, await symbolImage('datamatrix', mailmark).png().toBuffer());
    const [line] = jsonLines<{ reason: string; fields: { profile: string; item: string } }>(
      (await indicia(['decode', file, '--json'])).stdout,
    );
    assert.deepEqual([line?.reason, line?.fields.profile, line?.fields.item], ['no-key', 'mailmark-2d', '00012345']);
    const { stdout, exitCode } = await indicia(['verify', '--registry', join(day, 'registry'), file, '--json']);
    const [verified] = jsonLines<{ outcome: string; fields: { profile: string } }>(stdout);
    assert.deepEqual([verified?.outcome, verified?.fields.profile, exitCode], ['no-key', 'mailmark-2d', 3]);
  });

  it('shows the fields of an indicium, with every reader', async (test) => {
    const file = join(await temporaryFolder(test), 'crop.png');
    await writeFile(file, await symbolImage('datamatrix', Buffer.from(payload, 'base64')).png().toBuffer());
    for (const reader of ['indicia', 'zxing-wasm', '@zxing/library']) {
      const [line] = jsonLines<{ payload: string; fields: { psd: string } }>(
        (await indicia(['decode', file, '--json', '--reader', reader])).stdout,
      );
      assert.equal(line?.payload, payload);
      assert.match(line?.fields.psd ?? '', /^06-(2S|1V)-\d+$/);
    }
  });
});

describe('query', () => {
  const query = (sql: string, format: string) => indicia(['query', '--db', db, '--format', format, sql]);
  const SQL =
    "select 1 as small, 9007199254740993 as large, 'a,\"b\"' as words, '=1+1' as formula, null as nothing, ['x', 'y'] as list, true as yes, -0.5::double as half";

  it('prints a table', async () => {
    const { stdout, exitCode } = await query(
      'select disposition, count(*) as scans from verdicts group by 1 order by 1',
      'table',
    );
    assert.match(stdout, /^disposition +scans\n-+ +-+\naccept +\d+\ndivert +\d+\n\(2 rows\)\n$/);
    assert.equal(exitCode, 0);
  });

  it('prints CSV that no spreadsheet takes for a formula', async () => {
    const { stdout } = await query(SQL, 'csv');
    assert.equal(
      stdout,
      `small,large,words,formula,nothing,list,yes,half\n1,9007199254740993,"a,""b""",'=1+1,,x y,true,-0.5\n`,
    );
  });

  it('prints JSON lines that lose no digit', async () => {
    assert.deepEqual(jsonLines((await query(SQL, 'json')).stdout), [
      {
        small: 1,
        large: '9007199254740993',
        words: 'a,"b"',
        formula: '=1+1',
        nothing: null,
        list: ['x', 'y'],
        yes: true,
        half: -0.5,
      },
    ]);
  });

  it('prints an Arrow stream with the types of the columns', async () => {
    const table = tableFromIPC((await query(SQL, 'arrow')).stdoutBytes);
    assert.deepEqual(
      table.schema.fields.map((field) => `${field.name} ${field.type}`),
      [
        'small Int32',
        'large Int64',
        'words Utf8',
        'formula Utf8',
        'nothing Int32',
        'list List<Utf8>',
        'yes Bool',
        'half Float64',
      ],
    );
    const [row] = table.toArray();
    assert.deepEqual(
      [row.small, row.large, row.words, row.nothing, row.list.toArray(), row.half],
      [1, 9007199254740993n, 'a,"b"', null, ['x', 'y'], -0.5],
    );
  });

  it('gives an Arrow stream also of many rows and of none', async () => {
    assert.equal(tableFromIPC((await query('select * from range(5000)', 'arrow')).stdoutBytes).numRows, 5000);
    const none = tableFromIPC(
      (await query('select scan_id, piece_count from pieces where false', 'arrow')).stdoutBytes,
    );
    assert.deepEqual([none.numRows, none.schema.fields.length], [0, 2]);
  });

  it('gives a Parquet file with the same rows', async (test) => {
    const { stdoutBytes, exitCode } = await query(SQL, 'parquet');
    assert.equal(exitCode, 0);
    const file = join(await temporaryFolder(test), 'result.parquet');
    await writeFile(file, stdoutBytes);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const result = await connection.runAndReadAll(`select * from read_parquet('${file}')`);
    const [row] = result.getRowObjectsJson();
    connection.closeSync();
    instance.closeSync();
    assert.deepEqual(row, {
      small: 1,
      large: '9007199254740993',
      words: 'a,"b"',
      formula: '=1+1',
      nothing: null,
      list: ['x', 'y'],
      yes: true,
      half: -0.5,
    });
  });

  it('has the views of the contract', async () => {
    for (const view of ['scans', 'pieces', 'verdicts', 'findings', 'licenses', 'psds', 'funds']) {
      const { stdout } = await query(`select count(*) as rows from ${view}`, 'json');
      assert.ok(JSON.parse(stdout).rows > 0, view);
    }
  });

  it('refuses to write, to read other files, and to loosen its settings', async () => {
    const statements = [
      'delete from store.evidence',
      'explain analyze delete from store.evidence',
      'select 1; select 2',
      'create table x (a int)',
      "copy (select 1) to 'x.csv'",
      `select * from read_text('${join(day, 'truth.ndjson')}')`,
      "attach 'other.duckdb' as other",
      'set enable_external_access = true',
      'selec 1',
    ];
    for (const sql of statements) {
      const { exitCode, stderr, stdout } = await query(sql, 'json');
      assert.deepEqual([exitCode, stdout], [2, ''], sql);
      assert.match(stderr, /^indicia: /);
    }
  });
});

describe('settings', () => {
  it('come from flags, then the environment, then the config file', async (test) => {
    const folder = await temporaryFolder(test);
    await writeFile(join(folder, 'indicia.json'), JSON.stringify({ db: 'from-file.duckdb' }));
    const stderrOf = async (args: string[], env: Record<string, string>) => {
      return (await indicia(args, { cwd: folder, env })).stderr;
    };
    const env = { INDICIA_DB: 'from-environment.duckdb' };
    assert.match(await stderrOf(['findings'], {}), /from-file\.duckdb: no such store/);
    assert.match(await stderrOf(['findings'], env), /from-environment\.duckdb: no such store/);
    assert.match(await stderrOf(['findings', '--db', 'from-flag.duckdb'], env), /from-flag\.duckdb: no such store/);
  });

  it('in a config file that no command has are refused', async (test) => {
    const folder = await temporaryFolder(test);
    await writeFile(join(folder, 'indicia.json'), JSON.stringify({ dbb: 'x' }));
    const { exitCode, stderr } = await indicia(['findings'], { cwd: folder });
    assert.match(stderr, /no command has a flag --dbb/);
    assert.equal(exitCode, 2);
  });
});

describe('report', () => {
  it('shows every finding, and text from outside only as text', async (test) => {
    const folder = await temporaryFolder(test);
    const hostile = '<script>alert(1)</script>';
    const lines = [1, 2].map((piece) =>
      JSON.stringify({ scanId: `s${piece}`, payload, mailpieceId: `${hostile}${piece}` }),
    );
    await writeFile(join(folder, 'scans.ndjson'), `${lines.join('\n')}\n`);
    const store = join(folder, 'x.duckdb');
    await indicia(['run', folder, '--registry', join(day, 'registry'), '--db', store]);
    const page = join(folder, 'report.html');
    assert.equal((await indicia(['report', '--db', store, '--out', page])).exitCode, 0);
    const html = await readFile(page, 'utf8');
    assert.ok(html.includes('&lt;script&gt;alert(1)&lt;/script&gt;1'));
    assert.ok(!html.includes('<script'));
    assert.match(html, /<h3>copy <small>high · license \d+ · PSD [\w-]+ · unknown<\/small>/, 'with its role');
  });
});
