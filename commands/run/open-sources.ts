import { openSource } from '../../ingest/index.ts';
import {
  groupNamed,
  ImageSpool,
  isKafkaUrl,
  type KafkaLog,
  kafkaSource,
  parseKafkaUrl,
  topicNamed,
} from '../../ingest/kafka/index.ts';
import { type ScanSource, SourceError } from '../../scans/index.ts';
import { type KafkaOptions, kafkaClient } from '../kafka/kafka-options.ts';
import { stopSignal } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';

interface TopicSourceOptions extends Partial<KafkaOptions> {
  readonly untilDrained?: boolean;
  readonly publish?: boolean;
}

/** Sources that were opened, and what ends those that have no end of their own. */
export interface OpenedSources {
  readonly sources: readonly ScanSource[];
  close(): Promise<void>;
}

/** What the command line calls sources; topics are read until the process is told to stop. @throws SourceError */
export async function openSources(
  specs: readonly string[],
  options: TopicSourceOptions,
  terminal: Terminal,
  log: KafkaLog,
): Promise<OpenedSources> {
  if (!specs.some(isKafkaUrl)) {
    const sources = await Promise.all(specs.map((spec) => openSource(spec, terminal.stdin)));
    return { sources, close: async () => {} };
  }
  const { signal, end } = stopSignal();
  const abandoned = new AbortController();
  const spool = await ImageSpool.open();
  const prefix = options.prefix ?? '';
  const sources = await Promise.all(
    specs.map(async (spec) => {
      if (!isKafkaUrl(spec)) return openSource(spec, terminal.stdin);
      const { topic } = parseKafkaUrl(spec);
      if (topic === null) throw new SourceError(`${spec}: name a topic, kafka://host:port/scans, or a --stage`);
      return kafkaSource({
        client: await kafkaClient(spec, options, log),
        group: groupNamed(prefix, 'indicia-run'),
        topic,
        deadLetters: topicNamed(prefix, 'dead-letters'),
        verdicts: options.publish ? topicNamed(prefix, 'verdicts') : null,
        spool,
        nowMs: terminal.nowMs,
        signal,
        abandoned: abandoned.signal,
        untilDrained: options.untilDrained ?? false,
      });
    }),
  );
  return {
    sources,
    async close() {
      end();
      abandoned.abort();
      await spool.close();
    },
  };
}
