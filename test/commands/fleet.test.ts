import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stepMsOf } from '../../commands/load/fleet-pieces.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface ScanLine {
  readonly scanId: string;
  readonly image?: string;
}

const SMALL = ['--psds', '6', '--licenses', '5'];

describe('indicia fleet', () => {
  it('franks with its threads, and the pipeline accepts every piece', async (test) => {
    const cwd = await temporaryFolder(test);
    const fleet = await indicia(['fleet', '--pieces', '900', '--workers', '2', ...SMALL, '--out', 'fleet'], { cwd });
    assert.equal(fleet.exitCode, 0, fleet.stderr);
    const scans = jsonLines<ScanLine>(fleet.stdout);
    assert.equal(new Set(scans.map(({ scanId }) => scanId)).size, 900);
    const run = await indicia(['run', '-', '--registry', 'fleet/registry', '--db', 'fleet.duckdb', '--json'], {
      cwd,
      stdin: fleet.stdout,
    });
    const [report] = jsonLines<{ accepted: number; findings: number }>(run.stdout);
    assert.deepEqual([report?.accepted, report?.findings], [900, 0], run.stderr);
  });

  it('franks no faster than its printers print, at no rate and at one that is beyond them', async (test) => {
    const cwd = await temporaryFolder(test);
    const fleet = await indicia(
      ['fleet', '--pieces', '25000', '--psds', '2', '--licenses', '2', '--out', 'f', '--to', 'f/scans.ndjson'],
      { cwd },
    );
    assert.equal(fleet.exitCode, 0, fleet.stderr);
    const run = await indicia(['run', 'f/scans.ndjson', '--registry', 'f/registry', '--db', 'f.duckdb', '--json'], {
      cwd,
    });
    const [report] = jsonLines<{ accepted: number; findings: number }>(run.stdout);
    assert.deepEqual([report?.accepted, report?.findings], [25_000, 0], run.stderr);
    assert.equal(stepMsOf({ psds: 200 }, 100), 10);
    assert.equal(stepMsOf({ psds: 200 }, 20_000), stepMsOf({ psds: 200 }));
  });

  it('gives the same bytes again with the same seed, on several threads too, and others with another', async (test) => {
    const cwd = await temporaryFolder(test);
    const franked = async (seed: string) => {
      const args = ['fleet', '--pieces', '900', '--seed', seed, '--workers', '3', ...SMALL, '--out', 'fleet'];
      const { stdout, exitCode, stderr } = await indicia(args, { cwd });
      assert.equal(exitCode, 0, stderr);
      return [stdout, await readFile(join(cwd, 'fleet/registry/trust-list.json'), 'utf8')];
    };
    const [one, again, other] = [await franked('3'), await franked('3'), await franked('4')];
    assert.deepEqual(one, again);
    assert.notDeepEqual(one, other);
  });

  it('keeps to its rate', async (test) => {
    const cwd = await temporaryFolder(test);
    const args = ['fleet', '--rate', '100', '--seconds', '2', ...SMALL, '--to', 'scans.ndjson', '--json'];
    const { stdout } = await indicia(args, { cwd });
    const [summary] = jsonLines<{ pieces: number; seconds: number }>(stdout);
    assert.equal(summary?.pieces, 200);
    assert.ok((summary?.seconds ?? 0) >= 1.9, 'no faster than asked');
  });

  it('prints crops, whose library can be given out as often as needed', async (test) => {
    const cwd = await temporaryFolder(test);
    const made = await indicia(
      ['fleet', '--pieces', '20', ...SMALL, '--images', 'crops', '--out', 'f', '--to', 'f/scans.ndjson'],
      { cwd },
    );
    assert.equal(made.exitCode, 0, made.stderr);
    const scans = jsonLines<ScanLine>(await readFile(join(cwd, 'f/scans.ndjson'), 'utf8'));
    assert.equal(new Set(scans.map(({ image }) => image)).size, 20);
    const replayed = await indicia(['fleet', '--replay', 'f', '--pieces', '45'], { cwd });
    assert.equal(new Set(jsonLines<ScanLine>(replayed.stdout).map(({ scanId }) => scanId)).size, 45);
    const run = await indicia(['run', '-', '--registry', 'f/registry', '--db', 'f.duckdb', '--json'], {
      cwd,
      stdin: replayed.stdout,
    });
    const [report] = jsonLines<{ accepted: number; diverted: number }>(run.stdout);
    assert.deepEqual([report?.accepted, report?.diverted], [45, 0], 'other scans of the same mailpieces');
  });

  it('says what it cannot write to', async (test) => {
    const cwd = await temporaryFolder(test);
    const remote = await indicia(['fleet', '--to', 'ftp://localhost/scans', ...SMALL], { cwd });
    assert.equal(remote.exitCode, 2);
    assert.match(remote.stderr, /ftp:\/\/localhost\/scans: a fleet writes to a file, to - or to kafka/);
    const apart = await indicia(['fleet', '--images', 'crops', '--out', '../elsewhere', ...SMALL], { cwd });
    assert.equal(apart.exitCode, 2);
    assert.match(apart.stderr, /images must lie below/);
    const folder = await indicia(['fleet', '--to', '.', ...SMALL], { cwd });
    assert.equal(folder.exitCode, 2);
    assert.match(folder.stderr, /EISDIR/);
    const many = await indicia(['fleet', '--psds', '2', '--licenses', '50', '--workers', '1'], { cwd });
    assert.equal(many.exitCode, 2);
    assert.match(many.stderr, /2 PSDs have room for 6 licenses/);
    const nothing = await indicia(['fleet', '--replay', '.'], { cwd });
    assert.equal(nothing.exitCode, 2);
  });
});
