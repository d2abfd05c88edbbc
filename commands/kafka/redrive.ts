import { setTimeout as sleep } from 'node:timers/promises';
import {
  eachDeadLetter,
  groupNamed,
  type KafkaClient,
  redrivableTopics,
  redriveTasks,
  SESSION_SECONDS,
  Stage,
  topicNamed,
} from '../../ingest/kafka/index.ts';
import { type Terminal, warn } from '../terminal.ts';

const POLL_EVERY_MS = 200;

interface Redriven {
  readonly redriven: number;
  /** Dead letters that cannot be put back: not of these topics, or without a part of what they were. */
  readonly left: number;
}

/**
 * Puts back all dead letters that are there when it begins: one that fails again becomes another dead letter behind them, and
 * is left to the next time.
 *
 * @throws KafkaError
 */
export async function redrive(client: KafkaClient, prefix: string, terminal: Terminal): Promise<Redriven> {
  const total = { redriven: 0, left: 0 };
  const topic = topicNamed(prefix, 'dead-letters');
  const stage = await Stage.start({
    client,
    topic,
    group: groupNamed(prefix, 'indicia-redrive'),
    ends: await endsOf(client, topic),
    tasks: redriveTasks(redrivableTopics(prefix), (redriven, left) => {
      total.redriven += redriven;
      total.left += left;
    }),
    sessionMs: SESSION_SECONDS * 1000,
    isExpected: () => false,
    onRecoverableError: (error) => warn(terminal, `indicia: trying again: ${error.message}`),
  });
  try {
    while (!(await Promise.race([stage.isDrained(), stage.broken]))) await sleep(POLL_EVERY_MS);
  } finally {
    await stage.stop();
  }
  return total;
}

/** What a redrive would put back, by reason; nothing is changed. @throws KafkaError */
export async function redriveDry(
  client: KafkaClient,
  prefix: string,
  terminal: Terminal,
): Promise<{
  readonly wouldRevive: number;
  readonly left: number;
  readonly reasons: Readonly<Record<string, number>>;
}> {
  let left = 0;
  const reasons = new Map<string, number>();
  const onRecoverableError = (error: Error) => warn(terminal, `indicia: trying again: ${error.message}`);
  await eachDeadLetter(client, { prefix, isWaiting: true, onRecoverableError }, ({ revivable, reason }) => {
    if (revivable) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    else left += 1;
  });
  const wouldRevive = [...reasons.values()].reduce((total, its) => total + its, 0);
  return { wouldRevive, left, reasons: Object.fromEntries([...reasons].toSorted()) };
}

async function endsOf(client: KafkaClient, topic: string): Promise<Map<number, bigint>> {
  const admin = await client.admin();
  try {
    return new Map((await admin.offsets(topic)).map(({ partition, high }) => [partition, high]));
  } finally {
    await admin.close();
  }
}
