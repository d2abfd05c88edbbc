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
  // What a batch needs is more than is left; whoever is on the way when it becomes known is told.
  const hundred = () => Array.from({ length: 100 }, () => sentScan(server.world.frank()));
  const readiness = async () => {
    const response = await fetch(`${server.url}/readyz`);
    return [response.status, JSON.parse(await response.text()).checks.store.ok];
  };
  const sent: string[] = [];
  let last: unknown[] = [];
  // One with a deadline is on its way when the store is paused.
  const waiting = Promise.all(Array.from({ length: 200 }, () => post({ deadlineMs: 2_000, machine: 'X'.repeat(250) })));
  for (let attempt = 0; attempt < 200; attempt++) {
    const scans = hundred();
    sent.push(...scans.map(({ scanId }) => scanId));
    const response = await postJson(server.url, '/v1/verdicts:batch', { scans });
    const body = JSON.parse(await response.text());
    last = [response.status, body.code, response.headers.get('retry-after')];
    if (response.status === 503) {
      sent.splice(-100);
      break;
    }
  }
  const readyWhilePaused = await readiness();
  const liveWhilePaused = (await fetch(`${server.url}/livez`)).status;
  const single = await post();
  const paused = [single.status, single.body.code, single.retryAfter];
  const whileFull = await waiting;
  const lates = whileFull.filter(({ body }) => body.late === true);
  rmSync(ballast);
  let readyAgain = 0;
  for (let attempt = 0; attempt < 400 && readyAgain !== 200; attempt++) {
    await sleep(25);
    [readyAgain] = await readiness();
  }
  await post();
  // Filled up once more, and told to end meanwhile.
  const left = statfsSync(folder);
  writeFileSync(ballast, Buffer.alloc(left.bavail * left.bsize - 2 ** 16));
  const unanswered = Array.from({ length: 60 }, () => postJson(server.url, '/v1/verdicts:batch', { scans: hundred() }));
  const statuses = await Promise.all(
    unanswered.map((response) => response.then(({ status }) => status).catch(() => 0)),
  );
  const isWhole = await server.service.stop();
  rmSync(ballast);
  const reader = await StoreReader.open(server.db);
  const verdicts = await Array.fromAsync(reader.verdicts());
  reader.close();
  const recorded = new Map(verdicts.map(({ scanId, disposition }) => [scanId, disposition]));
  const [late] = lates;
  return {
    last,
    paused,
    readyWhilePaused,
    liveWhilePaused,
    lateWhilePaused: [late?.body.late, late?.body.disposition],
    readyAgain,
    endsWithoutRoom: [statuses.includes(503), isWhole],
    isEachOnce: recorded.size === verdicts.length,
    areAllRecorded: [...sent, ...lates.map(({ scan }) => scan.scanId)].every((scanId) => recorded.has(scanId)),
    doAnswersAgree: [...answers].every(([scanId, disposition]) => recorded.get(scanId) === disposition),
  };
}
