import { plural } from '../../indicium/index.ts';
import type { KafkaAdmin } from './client-port.ts';
import { TOPIC_MESSAGE_BYTES_MAX } from './limits.ts';

export const TOPIC_NAMES = ['scans', 'readings', 'verdicts', 'findings', 'revisions', 'dead-letters'] as const;
export type TopicName = (typeof TOPIC_NAMES)[number];

interface TopicSpec {
  readonly name: TopicName;
  readonly holds: string;
  readonly keyedBy: string;
  readonly config: Readonly<Record<string, string>>;
  /** More partitions would part what must meet, so their number can only be chosen once. */
  readonly isFixed: boolean;
}

const DAY_MS = 86_400_000;
/** Readings are kept as long as a store may have to be made again from them. */
const READINGS_DAYS = 30;
const SCANS_DAYS = 7;
const DEAD_LETTERS_DAYS = 90;

function kept(days: number): Record<string, string> {
  return { 'cleanup.policy': 'delete', 'retention.ms': String(days * DAY_MS), ...LARGE };
}

const LARGE = { 'max.message.bytes': String(TOPIC_MESSAGE_BYTES_MAX) };

export const TOPICS: readonly TopicSpec[] = [
  {
    name: 'scans',
    holds: 'What machines scanned: one or many scans as lines of JSON, or one picture with its scan in a header.',
    keyedBy: 'machine',
    config: kept(SCANS_DAYS),
    isFixed: false,
  },
  {
    name: 'readings',
    holds: 'What was read and verified: batches of columns, each of the licenses of its partition.',
    keyedBy: 'license, by partition; scan id where a scan has no license',
    config: kept(READINGS_DAYS),
    isFixed: true,
  },
  {
    name: 'verdicts',
    holds: 'The answers, each published once it is durable: one or many as lines of JSON, those of one machine.',
    keyedBy: 'machine',
    config: kept(SCANS_DAYS),
    isFixed: false,
  },
  {
    name: 'findings',
    holds: 'What the detectors found, the newest state of each finding; no value where a finding has gone.',
    keyedBy: 'finding',
    config: { 'cleanup.policy': 'compact', ...LARGE },
    isFixed: false,
  },
  {
    name: 'revisions',
    holds: 'Verdicts that later evidence changed.',
    keyedBy: 'scan id',
    config: kept(DEAD_LETTERS_DAYS),
    isFixed: false,
  },
  {
    name: 'dead-letters',
    holds: 'Messages that could not be processed: the bytes as they came, with the reason and where they lay.',
    keyedBy: 'key of the message',
    config: kept(DEAD_LETTERS_DAYS),
    isFixed: false,
  },
];

/** The names of the topics of one installation: several may share a cluster under prefixes of their own. */
export function topicNamed(prefix: string, name: TopicName): string {
  return `${prefix}${name}`;
}

type GroupName =
  | 'indicia-run'
  | 'indicia-read'
  | 'indicia-judge'
  | 'indicia-redrive'
  /** Of each that lists them, followed by a name of its own. */
  | 'indicia-dead-letters';

export function groupNamed(prefix: string, name: GroupName): string {
  return `${prefix}${name}`;
}

interface TopicResult {
  readonly topic: string;
  readonly isNew: boolean;
  readonly partitions: number;
  readonly replication: number;
  /** Where a topic that was there differs from what was asked for, as sentences. */
  readonly differences: readonly string[];
}

/** Creates the topics that are not there, and says of the others how they differ; they are never changed. */
export async function ensureTopics(
  admin: KafkaAdmin,
  { prefix, partitions, replication }: { prefix: string; partitions: number; replication: number },
): Promise<TopicResult[]> {
  const results: TopicResult[] = [];
  for (const { name, config, isFixed } of TOPICS) {
    const wanted = { topic: topicNamed(prefix, name), partitions, replication, config };
    const found = await admin.topicState(wanted.topic, Object.keys(config));
    if (found === null) {
      await admin.createTopic(wanted);
      results.push({ topic: wanted.topic, isNew: true, partitions, replication, differences: [] });
      continue;
    }
    const differences = [
      ...(found.partitions === partitions
        ? []
        : [
            `${plural(found.partitions, 'partition')}, not ${partitions}` +
              (isFixed ? ': their number must stay, since licenses are placed by it' : ''),
          ]),
      ...(found.replication === replication ? [] : [`replication ${found.replication}, not ${replication}`]),
      ...Object.entries(config)
        .filter(([setting, value]) => found.config[setting] !== value)
        .map(([setting, value]) => `${setting} is ${found.config[setting] ?? 'not set'}, not ${value}`),
    ];
    results.push({
      topic: wanted.topic,
      isNew: false,
      partitions: found.partitions,
      replication: found.replication,
      differences,
    });
  }
  return results;
}
