import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DEFAULT_POLICY } from '../../analytics/judge/index.ts';
import { type ServiceOptions, type ServicePorts, SorterService } from '../../app/sorter/sorter-service.ts';
import { createLog } from '../../server/index.ts';
import { SmallWorld } from './marks.ts';
import { filesOf, NOW_MS, publishedRegistry } from './published.ts';
import { RECEIVED_AT } from './receipt.ts';
import { type Scope, temporaryFolder } from './temporary.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** For what all tests of a suite share; to be called while the suite is described. */
export function suiteScope(): Scope {
  const work: (() => void | Promise<void>)[] = [];
  after(async () => {
    for (const one of work.toReversed()) await one();
  });
  return { after: (one) => void work.push(one) };
}

export interface LocalServer {
  readonly url: string;
  readonly db: string;
  readonly registry: string;
  readonly world: SmallWorld;
  readonly service: SorterService;
  readonly log: () => string;
}

/** A server in this process, over a store of its own, with the keys of a small world. */
export async function serverIn(
  test: Scope,
  options: Partial<ServiceOptions> = {},
  ports: Partial<ServicePorts> = {},
): Promise<LocalServer> {
  const world = new SmallWorld(2, 2);
  const registry = options.registry ?? (await publishedRegistry(test, filesOf(world.records)));
  const db = options.db ?? join(await temporaryFolder(test), 'store.duckdb');
  const lines: string[] = [];
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const service = await SorterService.start(
    {
      policy: DEFAULT_POLICY,
      host: '127.0.0.1',
      port: 0,
      access: null,
      tls: null,
      lateDisposition: 'manual',
      queueScansMax: 5_000,
      detectEverySeconds: 0,
      workers: 1,
      otherSources: [],
      ...options,
      db,
      registry,
    },
    { nowMs: () => NOW_MS, log: createLog(output, 'debug'), startId: 'test', ...ports },
  );
  test.after(() => service.end());
  return { url: service.url, db, registry, world, service, log: () => lines.join('') };
}

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  readonly stderr: () => string;
  /** Exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** The real command, in a process of its own. */
export async function serveProcess(test: Scope, args: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--json', ...RECEIVED_AT, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  test.after(() => void child.kill('SIGKILL'));
  const stderr: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  const said = await Promise.race([once(child.stdout, 'data'), ended]);
  assert.ok(Array.isArray(said), `the server ended: ${stderr.join('')}`);
  const { url } = JSON.parse(String(said[0]));
  return { url, child, stderr: () => stderr.join(''), ended };
}

export function postJson(url: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

let sequence = 0;

/** A scan as a sorter sends it; what a test does not care about is filled in. */
export function sentScan(payload: Uint8Array | null, change: Record<string, unknown> = {}) {
  sequence += 1;
  const scanId = `DBCS-1/S/${String(sequence).padStart(6, '0')}`;
  const mark = payload === null ? {} : { payload: Buffer.from(payload).toString('base64') };
  const scannedAt = '2026-11-20T18:00:00.000Z';
  return { scanId, plant: '06484', machine: 'DBCS-1', scannedAt, mailpieceId: `M${sequence}`, ...mark, ...change };
}
