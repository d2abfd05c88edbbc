import { setTimeout as sleep } from 'node:timers/promises';
import { groupNamed, type KafkaClient, redriveTasks, SESSION_SECONDS, Stage, topicNamed } from '../ingest/index.ts';
import { type Terminal, warn } from './terminal.ts';

const LOOK_EVERY_MS = 200;

/** Puts back all dead letters that are there now; the number of them. */
export async function redrive(client: KafkaClient, prefix: string, terminal: Terminal): Promise<number> {
  let revived = 0;
  const topics = new Set([topicNamed(prefix, 'scans'), topicNamed(prefix, 'readings')]);
  const stage = await Stage.start({
    client,
    topic: topicNamed(prefix, 'dead-letters'),
    group: groupNamed(prefix, 'indicia-redrive'),
    tasks: redriveTasks(topics, (count) => {
      revived += count;
    }),
    sessionMs: SESSION_SECONDS * 1000,
    isExpected: () => false,
    onTrouble: (error) => warn(terminal, `indicia: trying again: ${error.message}`),
  });
  try {
    while (!(await Promise.race([stage.isDrained(), stage.broken]))) await sleep(LOOK_EVERY_MS);
  } finally {
    await stage.stop();
  }
  return revived;
}
