import assert from 'node:assert/strict';
import { copyFile, cp, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../commands/exit-codes.ts';
import { jsonLines } from './support/command-line.ts';
import { atHome, documentedLines } from './support/documented.ts';
import { freePort, guideFolder, madeIn, type RunningShell, startShell } from './support/guide-folder.ts';
import { suiteScope } from './support/sorter-server.ts';
import type { Scope } from './support/temporary.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Those of Kafka are run by test/kafka/guide.test.ts. */
const LINES = documentedLines(await readFile(join(ROOT, 'README.md'), 'utf8')).filter((line) => !/kafka/.test(line));
const WAIT_MS_MAX = 60_000;

/** It is stopped once it has said something, or has put something into a folder. */
interface Until {
  readonly says?: RegExp;
  readonly makes?: string;
}

/** Goes on until it is stopped. */
const STOPPED: Readonly<Record<string, Until>> = {
  'npx indicia run --watch': { makes: 'drop/done' },
  'npx indicia serve': { says: /http:\/\/127\.0\.0\.1:\d+/ },
  // All of them take a quarter of an hour.
  'npx indicia bench': { says: /^## \w+/m },
};
/** Where frauds are simulated, books do not balance and some pictures cannot be read, so that a person must look. */
const ENDS_WITH_ATTENTION = ['npx indicia reconcile --db post.duckdb', 'npx indicia decode images --json'];

/** Of the day that README.md was written with. */
const CASE = 'psd/06-2S-5520023';

describe('README.md', () => {
  const scope = suiteScope();
  const exchanged: Record<string, string> = {
    '--pieces 100000 --psds 500 --licenses 300': '--pieces 1000 --psds 50 --licenses 30',
    '--seconds 60': '--seconds 2',
    '--rate 500': '--rate 50',
    // On any day.
    '--keep-days 30': '--before 2027-01-01T00:00:00Z',
  };
  let folder: string;
  before(async () => {
    folder = await guideFolder(scope);
    const day = await startShell(folder, 'npx indicia simulate --out world --pieces 300 --images crops').ended;
    assert.equal(day.exitCode, EXIT.done, day.stderr);
    for (const name of ['registry', 'scans.ndjson', 'images'])
      await rename(join(folder, 'world', name), join(folder, name));
    const [dropped = ''] = await readdir(join(folder, 'images'));
    await mkdir(join(folder, 'drop'));
    await copyFile(join(folder, 'images', dropped), join(folder, 'drop', dropped));
    await copyFile(join(folder, 'images', await genuineImage()), join(folder, 'mark.png'));
    await copyFile(join(ROOT, 'analytics/judge/default-policy.json'), join(folder, 'policy.json'));
    await cp(join(folder, 'registry'), join(folder, 'upstream'), { recursive: true });
    exchanged['https://trust.example'] = await publishing(join(folder, 'upstream'));
    const port = await freePort();
    exchanged['--no-auth'] = `--no-auth --port ${port}`;
    exchanged['http://127.0.0.1:8080'] = `http://127.0.0.1:${port}`;
  });

  /** The picture of a mark that is what it seems. */
  async function genuineImage(): Promise<string> {
    const seek =
      'for f in images/*; do npx indicia verify --registry registry "$f" > seen.txt && basename "$f" && break; done';
    return (await startShell(folder, `${seek}; rm seen.txt`).ended).stdout.trim();
  }

  async function openCase(): Promise<string> {
    const { stdout } = await startShell(folder, 'npx indicia cases --db post.duckdb --state open').ended;
    const [first] = jsonLines<{ caseId: string }>(stdout);
    return first?.caseId ?? assert.fail('no case is open');
  }

  /** The server that a line speaks of as there already. */
  async function serving(test: Scope): Promise<void> {
    const line = 'exec npx indicia serve --registry fleet/registry --db served.duckdb --no-auth';
    const server = startShell(folder, atHome(line, exchanged));
    test.after(async () => {
      server.stop();
      await server.ended;
    });
    await comesTo({ says: /"msg":"ready"/ }, server);
  }

  async function publishing(upstream: string): Promise<string> {
    const server = createServer(async ({ url = '' }, response) => {
      const bytes = await readFile(join(upstream, url)).catch(() => null);
      response.writeHead(bytes === null ? 404 : 200).end(bytes ?? '');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    scope.after(() => void server.close());
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  for (const line of LINES) {
    const [, until] = Object.entries(STOPPED).find(([start]) => line.startsWith(start)) ?? [];
    it(`has a line that runs: ${line}`, async (test) => {
      if (line.includes(CASE)) exchanged[CASE] = await openCase();
      if (line.includes('fleet --to http')) await serving(test);
      const shell = startShell(
        folder,
        until === undefined ? atHome(line, exchanged) : `exec ${atHome(line, exchanged)}`,
      );
      if (until !== undefined) {
        await comesTo(until, shell);
        shell.stop();
      }
      const { exitCode, stderr } = await shell.ended;
      if (line === 'npx indicia bench') return;
      assert.equal(exitCode, ENDS_WITH_ATTENTION.includes(line) ? EXIT.attention : EXIT.done, stderr);
    });
  }

  async function comesTo({ says, makes = '' }: Until, { stdout, stderr }: RunningShell): Promise<void> {
    const isThere = async () => {
      if (says !== undefined) return says.test(stdout() + stderr());
      return (await readdir(join(folder, makes)).catch(() => [])).length > 0;
    };
    const deadlineMs = performance.now() + WAIT_MS_MAX;
    while (!(await isThere())) {
      assert.ok(performance.now() < deadlineMs, stderr());
      await sleep(50);
    }
  }

  it('makes nothing that a commit would take along', () => {
    const own = ['images/', 'mark.png', 'policy.json', 'upstream/', 'world/'];
    const { all, committable } = madeIn(folder);
    assert.ok(all.includes('archive/') && all.includes('report.html'), all.join());
    assert.deepEqual(
      committable.filter((name) => !own.includes(name)),
      [],
    );
  });
});
