import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One broker of a cluster on this machine; each is also a controller. */
export interface NodePlan {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

/**
 * Settings of a node of a KRaft cluster on the loopback interface. Internal topics are kept on as many nodes as may be
 * lost without losing them; sessions may be short, since tests wait for members to be declared dead.
 */
function serverProperties(node: NodePlan, all: readonly NodePlan[], folder: string): string {
  const replicas = Math.min(3, all.length);
  const insync = Math.max(1, replicas - 1);
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': all.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'num.partitions': 1,
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': insync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': insync,
    'transaction.state.log.num.partitions': 8,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': insync,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'message.max.bytes': 16 * 2 ** 20,
    'replica.fetch.max.bytes': 16 * 2 ** 20,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const LOGGING = `status = error
appender.file.type = File
appender.file.name = file
appender.file.fileName = \${sys:indicia.log}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
`;

export interface NodeFiles {
  readonly folder: string;
  readonly properties: string;
  readonly logging: string;
  readonly log: string;
}

export async function writeNodeFiles(root: string, node: NodePlan, all: readonly NodePlan[]): Promise<NodeFiles> {
  const folder = join(root, `node-${node.id}`);
  await mkdir(folder, { recursive: true });
  const files = {
    folder,
    properties: join(folder, 'server.properties'),
    logging: join(folder, 'log4j2.properties'),
    log: join(folder, 'server.log'),
  };
  await writeFile(files.properties, serverProperties(node, all, folder));
  await writeFile(files.logging, LOGGING);
  return files;
}
