import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import sharp from 'sharp';
import { simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { SmallWorld } from '../support/marks.ts';
import { scannedPicture } from '../support/pictures.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface VerdictLine {
  readonly scanId: string;
  readonly disposition: string;
  readonly reasons: readonly string[];
}

let payloads: string[] = [];
let registry = '';

before(async (context) => {
  if (!('after' in context)) throw new TypeError('a hook of a suite');
  const folder = await temporaryFolder(context);
  registry = join(folder, 'registry');
  await simulate(
    { seed: 5, pieces: 12, psds: 3, licenses: 2, frauds: [], images: 'none', dayMs: Date.UTC(2026, 10, 20) },
    folder,
  );
  payloads = jsonLines<{ payload: string }>(await readFile(join(folder, 'scans.ndjson'), 'utf8')).map(
    ({ payload }) => payload,
  );
});

describe('a batch with every kind of bad input', () => {
  it('gives each bad scan a verdict that names it, and processes the rest', async (test) => {
    const folder = await temporaryFolder(test);
    const picture = scannedPicture(Buffer.from(payloads[2] ?? '', 'base64'), 'crop', 'good');
    await writeFile(join(folder, 'good.png'), picture.bytes);
    await writeFile(join(folder, 'corrupt.png'), picture.bytes.subarray(0, 2_000));
    await writeFile(join(folder, 'text.png'), 'this is not a picture');
    await writeFile(join(folder, 'drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const huge = sharp({ create: { width: 10_000, height: 10_000, channels: 3, background: '#fff' } });
    await huge.png().toFile(join(folder, 'huge.png'));
    await mkdir(join(folder, 'folder.png'));
    const foreign = new SmallWorld(1, 1, 'foreign').frank().toString('base64');
    const scan = (scanId: string, rest: Record<string, unknown>) => JSON.stringify({ scanId, plant: '06484', ...rest });
    const lines: [string, string, string, string][] = [
      [scan('ok-1', { payload: payloads[0] }), 'ok-1', 'accept', ''],
      ['{"scanId": "cut', `${await realpath(folder)}/scans.ndjson:2`, 'manual', 'scan-malformed'],
      [scan('nothing', {}), 'nothing', 'manual', 'scan-incomplete'],
      [scan('empty', { payload: '' }), 'empty', 'manual', 'payload-empty'],
      [scan('one-byte', { payload: 'AQ==' }), 'one-byte', 'manual', 'bad-length'],
      [
        scan('ten-thousand', { payload: Buffer.alloc(10_000, 1).toString('base64') }),
        'ten-thousand',
        'manual',
        'payload-too-long',
      ],
      [scan('missing', { image: 'missing.png' }), 'missing', 'manual', 'image-missing'],
      [scan('corrupt', { image: 'corrupt.png' }), 'corrupt', 'manual', 'image-corrupt'],
      [scan('huge', { image: 'huge.png' }), 'huge', 'manual', 'image-too-large'],
      [scan('svg', { image: 'drawing.svg' }), 'svg', 'manual', 'image-unsupported'],
      [scan('text', { image: 'text.png' }), 'text', 'manual', 'image-unsupported'],
      [scan('folder', { image: 'folder.png' }), 'folder', 'manual', 'image-refused'],
      [scan('escape', { image: '../scans.ndjson' }), 'escape', 'manual', 'image-refused'],
      [scan('unknown-key', { payload: foreign }), 'unknown-key', 'divert', 'unknown-key'],
      [scan('ok-2', { payload: payloads[1] }), 'ok-2', 'accept', ''],
      [scan('ok-3', { image: 'good.png' }), 'ok-3', 'accept', ''],
    ];
    const file = join(folder, 'scans.ndjson');
    await writeFile(file, lines.map(([line]) => `${line}\n`).join(''));
    const db = join(folder, 'store.duckdb');
    const run = await indicia(['run', file, '--registry', registry, '--db', db, '--json', '--log', 'json']);
    assert.equal(run.exitCode, 3, run.stderr);
    const logged = jsonLines<{ level: number; msg: string }>(run.stderr);
    assert.deepEqual(
      logged.filter(({ level }) => level >= 40).map(({ msg }) => msg),
      ['9 scans had an unusable record or image: see their verdicts'],
    );
    const summary = JSON.parse(run.stdout);
    assert.equal(summary.scans, lines.length);
    assert.equal(summary.accepted + summary.diverted + summary.manual, lines.length);
    assert.equal(summary.unusable, 9);
    const verdicts = jsonLines<VerdictLine>((await indicia(['verdicts', '--db', db])).stdout);
    assert.deepEqual(
      verdicts.map(({ scanId, disposition, reasons }) => [scanId, disposition, reasons.join()]),
      lines.map(([, scanId, disposition, reason]) => [scanId, disposition, reason]),
    );
  });
});

describe('what is not there', () => {
  const missing: [string, (folder: string) => string[], RegExp][] = [
    [
      'a source',
      (folder) => ['run', join(folder, 'no.ndjson'), '--registry', registry, '--db', join(folder, 'x.duckdb')],
      /no\.ndjson: no such file or folder/,
    ],
    [
      'images in a folder',
      (folder) => ['run', folder, '--registry', registry, '--db', join(folder, 'x.duckdb')],
      /no scans\.ndjson and no images/,
    ],
    [
      'a registry',
      (folder) => ['run', '-', '--registry', folder, '--db', join(folder, 'x.duckdb')],
      /no registry at .*root\.json/,
    ],
    ['a registry to verify with', (folder) => ['verify', '--registry', folder, 'AQ=='], /no registry at/],
    [
      'a store to query',
      (folder) => ['query', '--db', join(folder, 'x.duckdb'), 'select 1'],
      /x\.duckdb: no such store/,
    ],
    ['a store to detect in', (folder) => ['detect', '--db', join(folder, 'x.duckdb')], /x\.duckdb: no such store/],
    ['verdicts', (folder) => ['verdicts', '--db', join(folder, 'x.duckdb')], /x\.duckdb: no such store/],
    ['a required flag', () => ['run', '-'], /--registry/],
    [
      'a payload',
      () => ['verify', '--registry', registry, 'typo.png'],
      /typo\.png: neither a file, nor hex, nor base64/,
    ],
    [
      'a folder for the report',
      (folder) => ['report', '--db', join(folder, 'x.duckdb'), '--out', join(folder, 'no/r.html')],
      /x\.duckdb: no such store/,
    ],
    [
      'a file for the store',
      () => ['run', '-', '--registry', registry, '--db', ':memory:'],
      /:memory:: a store is a file/,
    ],
    ['a fraud', (folder) => ['simulate', '--out', folder, '--frauds', 'copy,teleport'], /teleport is not one of copy/],
    ['a command', () => ['fly'], /unknown command 'fly'/],
    ['a config file', () => ['--config', 'no.json', 'detect', '--db', 'x'], /no\.json: no such config file/],
  ];
  for (const [what, args, message] of missing) {
    it(`${what}: says what and exits with 2`, async (test) => {
      const { exitCode, stderr } = await indicia(args(await temporaryFolder(test)));
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace for what a user can mend');
      assert.equal(exitCode, 2);
    });
  }

  for (const [command, ...rest] of [
    ['archive', '--out', 'archive'],
    ['cases'],
    ['cases', 'close', 'psd/x', '--note', 'x'],
    ['detect'],
    ['detect', '--backtest', 'policy.json'],
    ['doctor'],
    ['findings'],
    ['query', 'select 1'],
    ['reconcile'],
    ['report', '--out', 'report.html'],
    ['verdicts'],
  ] as const) {
    it(`a store, mistyped: ${[command, ...rest].join(' ')} makes neither a folder nor a store`, async (test) => {
      const folder = await temporaryFolder(test);
      await writeFile(join(folder, 'policy.json'), '{"version":9}');
      for (const db of ['x.duckdb', 'no/such/x.duckdb']) {
        const { exitCode, stderr } = await indicia([command, ...rest, '--db', db], { cwd: folder });
        assert.match(stderr, /x\.duckdb: no such store/);
        assert.equal(exitCode, 2);
      }
      await mkdir(join(folder, 'empty'));
      const { exitCode, stderr } = await indicia([command, ...rest, '--db', 'empty'], { cwd: folder });
      assert.match(
        stderr,
        /empty: (neither partitions with a store nor an archive in this folder|a folder; this takes one)/,
      );
      assert.equal(exitCode, 2);
      assert.deepEqual((await readdir(folder)).toSorted(), ['empty', 'policy.json']);
    });
  }

  it('a file that is not a store is refused, and left as it was', async (test) => {
    const file = join(await temporaryFolder(test), 'letter.duckdb');
    await writeFile(file, 'Dear customer,\n');
    for (const args of [
      ['detect', '--db', file],
      ['query', '--db', file, 'select 1'],
    ]) {
      const { exitCode, stderr } = await indicia(args);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /letter\.duckdb: not a usable store/);
    }
    assert.equal(await readFile(file, 'utf8'), 'Dear customer,\n');
  });
});
