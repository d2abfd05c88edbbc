import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreReader } from '../../analytics/index.ts';
import { postJson, sentScan, serverIn } from './sorter-server.ts';

/**
 * Run as a program in a mount namespace of its own: a server on a file system of a few megabytes that is filled up while it
 * is asked for verdicts, and freed again; prints what it answered as JSON.
 */
const folder = mkdtempSync(join(tmpdir(), 'indicia-full-'));
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder]);
const work: (() => void | Promise<void>)[] = [];
const scope = { after: (one: () => void | Promise<void>) => void work.push(one) };
try {
  process.stdout.write(JSON.stringify(await fillUp()));
} finally {
  for (const one of work.toReversed()) await one();
  execFileSync('umount', ['--lazy', folder]);
  rmSync(folder, { recursive: true });
}

interface Told {
  readonly code?: string;
  readonly late?: boolean;
  readonly disposition?: string;
}

async function fillUp() {
  const server = await serverIn(scope, { db: join(folder, 'store.duckdb'), lateDisposition: 'divert' });
  const answers = new Map<string, string>();
  const post = async (change: object = {}) => {
    const scan = sentScan(server.world.frank(), { ...change });
    const response = await postJson(server.url, '/v1/verdicts', scan);
    const body = JSON.parse(await response.text());
    if (response.status === 200 && !body.late) answers.set(scan.scanId, body.disposition);
    return { scan, body, status: response.status, retryAfter: response.headers.get('retry-after') };
  };
  await post();
  const ballast = join(folder, 'ballast');
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - 2 ** 16));
  const readiness = async () => {
    const response = await fetch(`${server.url}/readyz`);
    return [response.status, JSON.parse(await response.text()).checks.store.ok];
  };
  // Half of them set a deadline: the batch that finds the disk full is answered in both ways.
  const sent: string[] = [];
  let told: unknown[] = [];
  for (let attempt = 0; attempt < 400 && told.length < 2; attempt++) {
    const scans = Array.from({ length: 100 }, (_, index) => {
      return sentScan(server.world.frank(), {
        machine: 'X'.repeat(250),
        ...(index % 2 === 0 ? { deadlineMs: 2_000 } : {}),
      });
    });
    sent.push(...scans.map(({ scanId }) => scanId));
    const body = JSON.parse(await (await postJson(server.url, '/v1/verdicts:batch', { scans })).text());
    for (const answer of body.verdicts) if (answer.late === false) answers.set(answer.scanId, answer.disposition);
    told = [...new Set(body.verdicts.map((answer: Told) => answer.code ?? `${answer.late} ${answer.disposition}`))];
  }
  const readyWhilePaused = await readiness();
  const liveWhilePaused = (await fetch(`${server.url}/livez`)).status;
  const single = await post();
  const paused = [single.status, single.body.code, single.retryAfter];
  rmSync(ballast);
  let readyAgain = 0;
  for (let attempt = 0; attempt < 400 && readyAgain !== 200; attempt++) {
    await sleep(25);
    [readyAgain] = await readiness();
  }
  await post();
  await server.service.stop();
  const reader = await StoreReader.open(server.db);
  const verdicts = await Array.fromAsync(reader.verdicts());
  reader.close();
  const recorded = new Map(verdicts.map(({ scanId, disposition }) => [scanId, disposition]));
  return {
    told: told.toSorted(),
    paused,
    readyWhilePaused,
    liveWhilePaused,
    readyAgain,
    isEachOnce: recorded.size === verdicts.length,
    areAllRecorded: sent.every((scanId) => recorded.has(scanId)),
    doAnswersAgree: [...answers].every(([scanId, disposition]) => recorded.get(scanId) === disposition),
  };
}
