import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { hasErrno } from '../../../indicium/index.ts';
import { BrokerError } from './broker-error.ts';
import { newClusterId } from './cluster-id.ts';
import { type NodeFiles, type NodePlan, writeNodeFiles } from './node-files.ts';

const run = promisify(execFile);

const Cluster = Type.Object({
  version: Type.Literal(1),
  nodes: Type.Array(Type.Object({ id: Type.Integer(), pid: Type.Integer(), port: Type.Integer() })),
});
const CompiledCluster = Compile(Cluster);

/** Brokers that were started on this machine. */
interface LocalCluster {
  readonly nodes: readonly LocalNode[];
}

interface LocalNode {
  readonly id: number;
  readonly pid: number;
  readonly port: number;
}

const STATE_FILE = 'kafka.json';
/** A broker on a busy machine with two cores takes some 10 s to start and to stop. */
const READY_MS_MAX = 90_000;
const STOP_MS_MAX = 60_000;
const POLL_EVERY_MS = 100;
/** Heap of one node: enough for development and tests, small enough for three of them. */
const HEAP = ['-Xms128m', '-Xmx384m'];

export function addressesOf({ nodes }: LocalCluster): string[] {
  return nodes.map(({ port }) => `127.0.0.1:${port}`);
}

/** The cluster of a folder, if all its processes are there; null when there is none, or what is left of one. */
export async function runningCluster(folder: string): Promise<LocalCluster | null> {
  const cluster = await readCluster(folder);
  if (cluster === null) return null;
  const alive = await Promise.all(cluster.nodes.map(({ pid }) => isBrokerOf(folder, pid)));
  return alive.every(Boolean) ? cluster : null;
}

/**
 * Starts that many nodes on free loopback ports, the first one on `firstPort` unless that is null, with everything they write
 * below `folder`, and answers when `isReady` does. They go on when this process ends.
 *
 * @throws BrokerError when they do not come up; their logs are then in the folder.
 */
export async function startCluster(
  folder: string,
  nodes: number,
  artifacts: string,
  isReady: (addresses: readonly string[]) => Promise<boolean>,
  firstPort: number | null = null,
): Promise<LocalCluster> {
  await mkdir(folder, { recursive: true });
  // What a cluster left that was killed is of no use to the next one.
  await stopCluster(folder);
  const ports = await freePorts(2 * nodes);
  const plans: NodePlan[] = Array.from({ length: nodes }, (_, index) => ({
    id: index + 1,
    port: (index === 0 ? firstPort : null) ?? ports[2 * index] ?? 0,
    controllerPort: ports[2 * index + 1] ?? 0,
  }));
  const clusterId = newClusterId();
  const started = await Promise.all(
    plans.map(async (plan) => {
      const files = await writeNodeFiles(folder, plan, plans);
      await format(artifacts, files, clusterId);
      return { plan, files, child: startNode(artifacts, files) };
    }),
  );
  const cluster = {
    nodes: started.map(({ plan: { id, port }, child }) => ({ id, port, pid: child.pid ?? 0 })),
  };
  await writeFile(join(folder, STATE_FILE), `${JSON.stringify({ version: 1, ...cluster })}\n`);
  const deadlineMs = performance.now() + READY_MS_MAX;
  while (!(await isReady(addressesOf(cluster)))) {
    const dead = started.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (dead !== undefined || performance.now() > deadlineMs) {
      const log = (dead ?? started[0])?.files.log;
      await stopNodes(folder, cluster);
      throw new BrokerError(`the broker did not come up: see ${log}`);
    }
    await sleep(POLL_EVERY_MS);
  }
  for (const { child } of started) child.unref();
  return cluster;
}

/** Starts one node of a cluster again, on the ports and with the data that it had. */
export async function restartNode(folder: string, id: number, artifacts: string): Promise<void> {
  const cluster = await readCluster(folder);
  const node = cluster?.nodes.find((known) => known.id === id);
  if (cluster === null || node === undefined) throw new BrokerError(`${folder}: no node ${id}`);
  await stopNodes(folder, { nodes: [node] });
  const home = join(folder, `node-${id}`);
  const child = startNode(artifacts, {
    folder: home,
    properties: join(home, 'server.properties'),
    logging: join(home, 'log4j2.properties'),
    log: join(home, 'server.log'),
  });
  child.unref();
  const nodes = cluster.nodes.map((known) => (known.id === id ? { ...known, pid: child.pid ?? 0 } : known));
  await writeFile(join(folder, STATE_FILE), `${JSON.stringify({ version: 1, nodes })}\n`);
}

/** Stops the nodes of a folder and removes what they wrote; false when there were none. */
export async function stopCluster(folder: string): Promise<boolean> {
  const cluster = await readCluster(folder);
  if (cluster === null) return false;
  await stopNodes(folder, cluster);
  for (const { id } of cluster.nodes) await rm(join(folder, `node-${id}`), { recursive: true, force: true });
  await rm(join(folder, STATE_FILE), { force: true });
  return true;
}

async function readCluster(folder: string): Promise<LocalCluster | null> {
  const text = await readFile(join(folder, STATE_FILE), 'utf8').catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (text === null) return null;
  const cluster: unknown = JSON.parse(text);
  if (!CompiledCluster.Check(cluster))
    throw new BrokerError(`${folder}/${STATE_FILE}: not written by indicia kafka up`);
  return cluster;
}

/** A broker that stops in order hands its partitions over first; one that does not in time is killed. */
async function stopNodes(folder: string, { nodes }: LocalCluster): Promise<void> {
  const deadlineMs = performance.now() + STOP_MS_MAX;
  const left = async () => {
    const alive = await Promise.all(nodes.map(async ({ pid }) => ((await isBrokerOf(folder, pid)) ? pid : null)));
    return alive.filter((pid) => pid !== null);
  };
  for (const pid of await left()) process.kill(pid, 'SIGTERM');
  let waiting = await left();
  while (waiting.length > 0) {
    if (performance.now() > deadlineMs) for (const pid of waiting) process.kill(pid, 'SIGKILL');
    await sleep(POLL_EVERY_MS);
    waiting = await left();
  }
}

/** The process may be gone, and its number another's by now. */
async function isBrokerOf(folder: string, pid: number): Promise<boolean> {
  const command = await run('ps', ['-ww', '-o', 'stat=,args=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return command.includes(folder) && !command.trimStart().startsWith('Z');
}

async function format(artifacts: string, files: NodeFiles, clusterId: string): Promise<void> {
  const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', files.properties, '--ignore-formatted'];
  await run('java', [...javaOptions(artifacts, files), '-XX:TieredStopAtLevel=1', ...tool]);
}

function startNode(artifacts: string, files: NodeFiles): ChildProcess {
  const output = openSync(join(files.folder, 'output.log'), 'a');
  const options = [...HEAP, '-XX:+UseSerialGC', ...javaOptions(artifacts, files)];
  const child = spawn('java', [...options, 'kafka.Kafka', files.properties], {
    cwd: files.folder,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  return child;
}

function javaOptions(artifacts: string, files: NodeFiles): string[] {
  return [`-Dlog4j2.configurationFile=${files.logging}`, `-Dindicia.log=${files.log}`, '-cp', join(artifacts, '*')];
}

/** All are held at once, so that they differ. */
async function freePorts(many: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: many }, () => held(0)));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map(released));
  return ports;
}

/** Whether nobody listens on this port of the loopback interface. */
export async function isFreePort(port: number): Promise<boolean> {
  try {
    await released(await held(port));
    return true;
  } catch (error) {
    if (hasErrno(error, 'EADDRINUSE')) return false;
    throw error;
  }
}

async function held(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function released(server: Server): Promise<unknown> {
  return new Promise((closed) => server.close(closed));
}
