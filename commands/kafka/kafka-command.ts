import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { plural } from '../../indicium/index.ts';
import { asyncApiDocument, connectionFor, ensureTopics, KafkaError, openKafka } from '../../ingest/kafka/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { Progress, print, printJson, type Terminal, warn } from '../terminal.ts';
import { addDeadLetterCommands } from './dead-letters-command.ts';
import { addKafkaOptions, brokersUrl, type KafkaOptions, kafkaClient } from './kafka-options.ts';
import { brokerArtifacts, kafkaVersion } from './trial-broker/artifacts.ts';
import { BrokerError } from './trial-broker/broker-error.ts';
import { addressesOf, isFreePort, runningCluster, startCluster, stopCluster } from './trial-broker/cluster.ts';

interface UpOptions {
  readonly nodes: number;
  readonly port?: number;
  readonly folder: string;
  readonly json?: boolean;
}

interface TopicOptions extends KafkaOptions {
  readonly partitions: number;
  readonly replication: number;
  readonly json?: boolean;
}

const FOLDER = 'indicia-kafka';
/** Where everybody looks for a broker, the documents too. */
const KAFKA_PORT = 9_092;
const PARTITIONS_MAX = 1_000;
const REPLICATION_MAX = 9;

/** `kafka`: brokers for development, topics, their description, and what to do with dead letters. */
export function addKafkaCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const kafka = program
    .command('kafka')
    .summary('brokers, topics and dead letters of Kafka')
    .addHelpText('after', '\nExamples:\n  indicia kafka up\n  indicia kafka topics kafka://127.0.0.1:9092');
  kafka
    .command('up')
    .summary('start Kafka on this machine, for development and tests')
    .description(
      `Starts Apache Kafka ${kafkaVersion()} (KRaft) on loopback ports, from Maven artifacts that are kept in the cache of ` +
        'the user. Where KAFKA_BROKERS is set, only looks whether they answer.',
    )
    .addOption(new Option('--nodes <n>', 'brokers').default(1).argParser(wholeNumber(1, 3)))
    .addOption(
      new Option('--port <n>', `of the first broker (default: ${KAFKA_PORT} where it is free, else any)`).argParser(
        wholeNumber(1, 65_535),
      ),
    )
    .option('--folder <dir>', 'for everything that they write', FOLDER)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia kafka up --nodes 3')
    .action(async (options: UpOptions) => {
      await up(options, terminal);
      finish(EXIT.done);
    });
  kafka
    .command('down')
    .summary('stop what `kafka up` started, and remove what it wrote')
    .option('--folder <dir>', 'the folder given to `kafka up`', FOLDER)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia kafka down')
    .action(async ({ folder, json }: UpOptions) => {
      const wasThere = await stopCluster(resolve(folder));
      const text = wasThere ? `stopped: ${folder}\n` : `nothing was started in ${folder}\n`;
      await (json ? printJson(terminal, { stopped: wasThere }) : print(terminal, text));
      finish(EXIT.done);
    });
  addKafkaOptions(kafka.command('topics'))
    .summary('create the topics, and say how those that are there differ')
    .argument('[url]', 'kafka://host:port[,host:port] (default: KAFKA_BROKERS)')
    .addOption(new Option('--partitions <n>', 'of each topic').default(12).argParser(wholeNumber(1, PARTITIONS_MAX)))
    .addOption(new Option('--replication <n>', 'copies of each').default(1).argParser(wholeNumber(1, REPLICATION_MAX)))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia kafka topics kafka://127.0.0.1:9092 --partitions 24 --replication 3')
    .action(async (url: string | undefined, options: TopicOptions) => {
      finish(await topics(brokersUrl(url), options, terminal));
    });
  addDeadLetterCommands(kafka, terminal, finish);
  kafka
    .command('asyncapi')
    .summary('describe topics and messages as an AsyncAPI document')
    .addHelpText('after', '\nExample:\n  indicia kafka asyncapi > asyncapi.json')
    .action(async () => {
      await print(terminal, `${JSON.stringify(asyncApiDocument(), null, 2)}\n`);
      finish(EXIT.done);
    });
}

async function up({ nodes, port, folder, json }: UpOptions, terminal: Terminal): Promise<void> {
  const progress = new Progress(terminal);
  const given = process.env.KAFKA_BROKERS?.split(',');
  if (given !== undefined) {
    if (!(await answers(given))) throw new BrokerError(`KAFKA_BROKERS=${given.join(',')}: no answer`);
    await report(given, null, json ?? false, terminal);
    return;
  }
  const home = resolve(folder);
  const running = await runningCluster(home);
  if (running !== null) {
    await report(addressesOf(running), home, json ?? false, terminal);
    return;
  }
  const firstPort = port ?? ((await isFreePort(KAFKA_PORT)) ? KAFKA_PORT : null);
  if (port !== undefined && !(await isFreePort(port))) throw new BrokerError(`port ${port} is taken on this machine`);
  progress.show('fetching Kafka');
  const artifacts = await brokerArtifacts(process.env);
  progress.show('starting');
  const cluster = await startCluster(home, nodes, artifacts, answers, firstPort);
  progress.done(`${plural(nodes, 'broker')} of Kafka ${kafkaVersion()} in ${home}`);
  await report(addressesOf(cluster), home, json ?? false, terminal);
}

async function report(brokers: readonly string[], folder: string | null, json: boolean, terminal: Terminal) {
  const url = `kafka://${brokers.join(',')}`;
  if (json) return printJson(terminal, { brokers, url, folder });
  await print(terminal, `${url}\n`);
  // Not on standard output, which is the address alone: scripts read it.
  for (const line of NEXT) warn(terminal, `  npx indicia ${line.replace('URL', url)}`);
}

/** As README.md has them, where they are explained. */
const NEXT = [
  'kafka topics URL --partitions 24',
  'run --stage read URL --registry registry',
  'run --stage judge URL --registry registry --db stores',
];

/** Whether an admin request is answered by all of them. */
export async function answers(brokers: readonly string[]): Promise<boolean> {
  const client = await openKafka({ ...connectionFor(brokers, {}, {}), retries: 0 });
  try {
    const admin = await client.admin();
    try {
      return (await admin.brokers()).length >= brokers.length;
    } finally {
      await admin.close();
    }
  } catch (error) {
    if (error instanceof KafkaError) return false;
    throw error;
  }
}

async function topics(url: string, options: TopicOptions, terminal: Terminal): Promise<ExitCode> {
  const client = await kafkaClient(url, options);
  const admin = await client.admin();
  try {
    const results = await ensureTopics(admin, options);
    for (const result of results) {
      if (options.json) await printJson(terminal, result);
      else {
        const said = result.isNew ? 'created' : result.differences.length === 0 ? 'is there' : 'differs';
        await print(terminal, `${said.padEnd(8)} ${result.topic}: ${plural(result.partitions, 'partition')}\n`);
        for (const difference of result.differences) await print(terminal, `         ${difference}\n`);
      }
    }
    return results.some(({ differences }) => differences.length > 0) ? EXIT.attention : EXIT.done;
  } finally {
    await admin.close();
  }
}
