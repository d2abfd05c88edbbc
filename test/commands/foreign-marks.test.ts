import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { printable } from '../../indicium/index.ts';
import { type CommandResult, indicia, jsonLines } from '../support/command-line.ts';
import { DUMP_TRUTHS, DUMPS, dumpBytes } from '../support/dump-truths.ts';
import { temporaryFolder } from '../support/temporary.ts';

type Fields = Readonly<Record<string, string | number | readonly string[]>>;

let registry = '';
let folder = '';
before(async (test) => {
  if (!('after' in test)) throw new TypeError('a hook of a suite');
  folder = await temporaryFolder(test);
  registry = join(folder, 'registry');
  const { exitCode, stderr } = await indicia(['simulate', '--out', folder, '--pieces', '20', '--frauds', 'none']);
  assert.equal(exitCode, 0, stderr);
});

function assertTruth(name: string, shown: Fields | undefined): void {
  const truth = DUMP_TRUTHS.find(({ dump }) => dump === name);
  assert.ok(truth !== undefined && shown !== undefined, name);
  for (const [field, value] of Object.entries(truth.fields))
    assert.deepEqual([field, shown[field]], [field, value], name);
}

/** `name value` of each field, as it is to be seen in the text for people. */
function assertTextOf(name: string, text: string): void {
  const truth = DUMP_TRUTHS.find(({ dump }) => dump === name);
  assert.ok(truth !== undefined);
  const plain = text.replaceAll(/ +/g, ' ');
  for (const [field, value] of Object.entries(truth.fields)) {
    const said = ['profile', 'post', 'kind'].includes(field) ? `${value}` : `${field} ${value}`;
    assert.ok(plain.includes(said), `${name}: ${said} in ${text}`);
  }
}

describe('the dumps of marks of other posts', () => {
  const names = DUMP_TRUTHS.map(({ dump }) => dump);
  const images = names.map((name) => join(DUMPS, `${name}.png`));

  it('are read from their symbols by decode, with all that is known of them', async () => {
    const { stdout, exitCode } = await indicia(['decode', ...images, '--json']);
    const lines = jsonLines<{ payload: string; symbology: string; fields: Fields; reason: string }>(stdout);
    assert.deepEqual([lines.length, exitCode], [names.length, 0]);
    for (const [index, name] of names.entries()) {
      const { payload, symbology, fields, reason } = lines[index] ?? {};
      assert.equal(payload, dumpBytes(name).toString('base64'), name);
      assert.deepEqual([symbology, reason], [name === 'us-ibi-a' ? 'PDF417' : 'DataMatrix', 'no-key'], name);
      assertTruth(name, fields);
    }
  });

  it('are shown to people by decode, a line each', async () => {
    const { stdout } = await indicia(['decode', ...images]);
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.length, names.length);
    for (const [index, name] of names.entries()) {
      assertTextOf(name, lines[index] ?? '');
      assert.match(lines[index] ?? '', /, no key, /);
    }
    assert.match(lines[names.indexOf('rm-stamp-20p')] ?? '', /source 4 \(unconfirmed\), supplyChain 1017031,/);
    assert.doesNotMatch(stdout, /valid/);
  });

  for (const [form, payloadOf] of [
    ['a file', (name: string) => join(DUMPS, `${name}.bin`)],
    ['base64', (name: string) => dumpBytes(name).toString('base64')],
    ['hex', (name: string) => dumpBytes(name).toString('hex')],
  ] as const) {
    it(`are shown by verify, as ${form}, and have no key`, async () => {
      const verified: CommandResult = await indicia([
        'verify',
        '--registry',
        registry,
        ...names.map(payloadOf),
        '--json',
      ]);
      const lines = jsonLines<{ outcome: string; reason: string; fields: Fields }>(verified.stdout);
      assert.deepEqual([lines.length, verified.exitCode], [names.length, 3]);
      for (const [index, name] of names.entries()) {
        assert.equal(lines[index]?.outcome, 'no-key', name);
        assertTruth(name, lines[index]?.fields);
      }
    });
  }

  it('are shown to people by verify', async () => {
    const { stdout } = await indicia([
      'verify',
      '--registry',
      registry,
      ...names.map((name) => join(DUMPS, `${name}.bin`)),
    ]);
    const reports = stdout.split(/^(?=no-key: )/m);
    assert.equal(reports.length, names.length);
    for (const [index, name] of names.entries()) assertTextOf(name, reports[index] ?? '');
    assert.match(stdout, /^ +source +4 \(unconfirmed\)$/m);
  });

  it('go to manual in a run, as payload and as image, and blame nobody', async () => {
    const day = join(folder, 'foreign');
    await mkdir(day);
    const scans = names.flatMap((name, index) => {
      const scannedAt = new Date(Date.UTC(2026, 10, 20, 10, 0, index)).toISOString();
      const scan = { plant: '06484', machine: 'DBCS-1', scannedAt };
      return [
        { ...scan, scanId: `${name} payload`, mailpieceId: `p${index}`, payload: dumpBytes(name).toString('base64') },
        { ...scan, scanId: `${name} image`, mailpieceId: `i${index}`, image: `${name}.png` },
      ];
    });
    for (const name of names) await copyFile(join(DUMPS, `${name}.png`), join(day, `${name}.png`));
    const source = join(day, 'scans.ndjson');
    await writeFile(source, scans.map((scan) => `${JSON.stringify(scan)}\n`).join(''));
    const db = join(day, 'day.duckdb');
    const ran = await indicia(['run', source, '--registry', registry, '--db', db, '--json']);
    const [summary] = jsonLines<{ scans: number; manual: number }>(ran.stdout).slice(-1);
    assert.deepEqual([summary?.scans, summary?.manual], [scans.length, scans.length], ran.stderr);
    const verdicts = jsonLines<{ scanId: string; disposition: string; reasons: string[] }>(
      (await indicia(['verdicts', '--db', db])).stdout,
    );
    assert.deepEqual(
      verdicts.map(({ scanId, disposition, reasons }) => [scanId, disposition, reasons]).toSorted(),
      scans.map(({ scanId }) => [scanId, 'manual', ['no-key']]).toSorted(),
    );
    const findings = jsonLines<{ license: number | null; psd: string | null; role: string }>(
      (await indicia(['findings', '--db', db])).stdout,
    );
    assert.deepEqual(
      findings.filter(({ license, psd, role }) => license !== null || psd !== null || role === 'suspect'),
      [],
    );
    const sql =
      "select scan_id, note from scans where scan_id like '%stamp-66%' or scan_id like 'us-ibi-a%' order by 1";
    const noted = jsonLines((await indicia(['query', '--db', db, '--format', 'json', sql])).stdout);
    assert.deepEqual(noted, [
      { scan_id: 'dp-stamp-66 image', note: 'Deutsche Post, stamp' },
      { scan_id: 'dp-stamp-66 payload', note: 'Deutsche Post, stamp' },
      { scan_id: 'us-ibi-a image', note: 'United States Postal Service, IBI' },
      { scan_id: 'us-ibi-a payload', note: 'United States Postal Service, IBI' },
    ]);
  });
});

describe('a hostile mark of another post', () => {
  const hostile = Buffer.from(`JGB 012000001200000042LL13\u001b[2J\u0007J09TY2J0      \u001b]0;valid\u0007`, 'latin1');

  it('reaches a terminal as text that it does not obey', async () => {
    for (const args of [[], ['--json']]) {
      const { stdout, exitCode } = await indicia([
        'verify',
        '--registry',
        registry,
        hostile.toString('base64'),
        ...args,
      ]);
      assert.equal(stdout.trimEnd(), stdout.trimEnd().split('\n').map(printable).join('\n'));
      assert.match(stdout, /no-key/);
      assert.equal(exitCode, 3);
    }
  });
});
