import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { indicia, jsonLines } from '../support/command-line.ts';
import { answerProblem, scriptedServer } from '../support/scripted-server.ts';
import { type ServerProcess, serveProcess, suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface LoadLine {
  readonly accepted: number;
  readonly late: number;
  readonly refused: number;
  readonly failed: Record<string, number>;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

const FLEET = ['fleet', '--psds', '6', '--licenses', '5', '--workers', '1', '--out', 'fleet'];

describe('indicia fleet --to http://…', () => {
  const scope = suiteScope();
  let cwd: string;
  let server: ServerProcess;
  let tokenFile: string;
  before(async () => {
    cwd = await temporaryFolder(scope);
    await indicia([...FLEET, '--pieces', '1', '--to', 'fleet/one.ndjson'], { cwd });
    const token = [
      'token',
      'add',
      '--tokens',
      'tokens.json',
      '--name',
      'fleet',
      '--plant',
      '06484',
      '--role',
      'sorter',
    ];
    tokenFile = join(cwd, 'fleet.token');
    await writeFile(tokenFile, (await indicia(token, { cwd })).stdout);
    const files = ['--registry', join(cwd, 'fleet/registry'), '--db', join(cwd, 'post.duckdb')];
    server = await serveProcess(scope, [...files, '--tokens', join(cwd, 'tokens.json'), '--port', '0']);
  });
  const load = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await indicia([...FLEET, '--to', server.url, '--json', ...args], { cwd });
    const [line] = jsonLines<LoadLine>(stdout);
    assert.ok(line !== undefined, stderr);
    return { ...line, exitCode };
  };

  for (const endpoint of ['single', 'batch', 'stream']) {
    // Each time the same mailpieces are scanned, as on another machine.
    it(`has every piece accepted by ${endpoint}`, async () => {
      const args = ['--endpoint', endpoint, '--rate', '200', '--pieces', '120', '--token-file', tokenFile];
      const { accepted, late, refused, failed, latencyMs, exitCode } = await load(...args);
      assert.deepEqual({ accepted, late, refused, failed, exitCode }, SPOTLESS);
      assert.ok(latencyMs.p50 > 0 && latencyMs.p99 >= latencyMs.p50 && latencyMs.max >= latencyMs.p99);
    });
  }

  it('sends pictures as they are, and counts what was late apart', async () => {
    const args = ['--images', 'crops', '--rate', '5', '--pieces', '20', '--token-file', tokenFile];
    const { accepted, late, refused, failed, exitCode } = await load(...args);
    assert.deepEqual({ accepted, late, refused, failed, exitCode }, { ...SPOTLESS, accepted: 20 });
    const hurried = await load(...args, '--deadline-ms', '1');
    assert.deepEqual([hurried.late, hurried.exitCode], [20, 0]);
  });
});

const SPOTLESS = { accepted: 120, late: 0, refused: 0, failed: {}, exitCode: 0 };

describe('indicia fleet, of a server that will not or cannot', () => {
  it('counts what was refused and what failed, and says so by its exit code', async (test) => {
    const cwd = await temporaryFolder(test);
    let asked = 0;
    const base = await scriptedServer(test, (_, response) => {
      asked += 1;
      answerProblem(response, asked % 2 === 0 ? 'too-busy' : 'draining', 1);
    });
    const busy = await indicia([...FLEET, '--to', base, '--rate', '100', '--pieces', '10'], { cwd });
    assert.match(busy.stdout, /0 accepted, 0 diverted, 0 manual; 0 late, 0 repeated, 5 refused \(429\), 5 draining/);
    assert.deepEqual([busy.exitCode, asked], [3, 10]);
    const nobody = await indicia([...FLEET, '--to', 'http://127.0.0.1:1', '--rate', '100', '--pieces', '10'], { cwd });
    assert.match(nobody.stdout, /10 unreachable/);
    assert.equal(nobody.exitCode, 3);
  });

  it('says that a server needs a rate', async (test) => {
    const cwd = await temporaryFolder(test);
    const { exitCode, stderr } = await indicia([...FLEET, '--to', 'http://127.0.0.1:1'], { cwd });
    assert.equal(exitCode, 2);
    assert.match(stderr, /http:\/\/127\.0\.0\.1:1: a server is driven at a rate/);
  });
});
