import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from '../../commands/kafka/kafka-command.ts';
import { brokerArtifacts } from '../../commands/kafka/trial-broker/artifacts.ts';
import { addressesOf, restartNode, runningCluster, startCluster } from '../../commands/kafka/trial-broker/cluster.ts';
import { type TestKafka, testKafka, tryKill, withoutKafka } from './kafka.ts';

const POLL_MS = 200;

/** Brokers of our own, to be stopped and lost. */
export interface TestNodes extends TestKafka {
  /** In order: it hands its partitions over, and comes back with its data; answers when the cluster has it again. */
  restart(id: number): Promise<void>;
  /** Without a word, for good. */
  lose(id: number): Promise<void>;
}

/** As `kafkaForTests`, of several nodes; brokers that were given belong to others, who would not like to lose one. */
export async function nodesForTests(nodes: number): Promise<TestNodes | null> {
  try {
    const artifacts = await brokerArtifacts(process.env);
    const folder = await mkdtemp(join(tmpdir(), 'indicia-nodes-'));
    const cluster = await startCluster(folder, nodes, artifacts, answers);
    after(async () => {
      for (const pid of await pidsIn(folder)) tryKill(pid);
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    });
    return {
      ...testKafka(addressesOf(cluster)),
      restart: async (id) => {
        await restartNode(folder, id, artifacts);
        while (!(await answers(addressesOf(cluster)))) await sleep(POLL_MS);
      },
      lose: async (id) => {
        const node = (await runningCluster(folder))?.nodes.find((known) => known.id === id);
        if (node === undefined) throw new Error(`no node ${id} is running`);
        tryKill(node.pid);
      },
    };
  } catch (error) {
    return withoutKafka(error);
  }
}

async function pidsIn(folder: string): Promise<number[]> {
  const { nodes }: { nodes: { pid: number }[] } = JSON.parse(await readFile(join(folder, 'kafka.json'), 'utf8'));
  return nodes.map(({ pid }) => pid);
}
