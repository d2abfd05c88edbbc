import { countsOf, runStage, type StageOptions } from '../../app/stages/index.ts';
import { plural } from '../../indicium/index.ts';
import { isKafkaUrl, parseKafkaUrl, type StageCounters } from '../../ingest/kafka/index.ts';
import { SourceError } from '../../scans/index.ts';
import { type KafkaOptions, kafkaClient } from '../kafka/kafka-options.ts';
import { connectionLimitsOf, type ListenerFlags } from '../listener-flags.ts';
import { kafkaLogOf, type LogFlags } from '../log-options.ts';
import { receiptClock } from '../received-at.ts';
import { stopSignal } from '../stop-signal.ts';
import { storePorts } from '../store-ports.ts';
import { print, printJson, rate, type Terminal } from '../terminal.ts';
import { warnOfFaults } from '../warn-of-faults.ts';
import { openRunLog } from './run-log.ts';

export interface MemberFlags extends KafkaOptions, ListenerFlags, LogFlags, Omit<StageOptions, 'untilDrained' | 'api'> {
  readonly receivedAt?: number | undefined;
  readonly untilDrained?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** Where it tells how it is, 0 for a port that is free; not at all without. */
  readonly apiPort?: number | undefined;
  readonly apiHost: string;
  readonly tokens?: string | undefined;
}

/** Runs one member of a stage until it is told to stop, and says how it goes. */
export async function runMember(sources: readonly string[], flags: MemberFlags, terminal: Terminal): Promise<void> {
  const [url = '', ...more] = sources;
  if (!isKafkaUrl(url) || more.length > 0) throw new SourceError('a stage has one source: kafka://host:port');
  if (parseKafkaUrl(url).topic !== null) {
    throw new SourceError(`${url}: a stage knows its topics; name the brokers only`);
  }
  const { stage, json = false, apiPort } = flags;
  const startedAtMs = performance.now();
  const said = openRunLog(flags, terminal);
  const { signal, end } = stopSignal();
  const api = {
    host: flags.apiHost,
    port: apiPort ?? 0,
    tokens: flags.tokens,
    hostNames: flags.hostName,
    limits: connectionLimitsOf(flags),
  };
  try {
    const { tally, counters, secondsTotal } = await runStage(
      await kafkaClient(url, flags, kafkaLogOf(said.log)),
      { ...flags, untilDrained: flags.untilDrained ?? false, api: apiPort === undefined ? null : api },
      {
        nowMs: terminal.nowMs,
        receivedAtMs: receiptClock(flags.receivedAt, terminal.nowMs),
        store: storePorts(terminal, said.warn),
        onNotice: said.warn,
        onFaults: warnOfFaults(said.warn),
        onApi: (address) =>
          json
            ? printJson(terminal, { type: 'api', stage, url: address })
            : print(terminal, `indicia run: API on ${address}\n`),
        onProgress: async (soFar, its) => {
          if (json) await printJson(terminal, { type: 'progress', stage, ...countsOf(soFar), ...countersOf(its) });
          const pace = rate(soFar.scans, performance.now() - startedAtMs, 'a second');
          said.show(`${plural(soFar.scans, 'scan')}, ${pace}, ${lagOf(its)}`);
        },
        stopped: signal,
      },
    );
    said.done(`${plural(tally.scans, 'scan')}, stopped in order`);
    const { rebalances, claims, troubles } = countersOf(counters);
    const summary = {
      type: 'summary',
      stage,
      ...countsOf(tally),
      ignoredFields: tally.ignored,
      unchecked: tally.unchecked,
      rebalances,
      claims,
      troubles,
      secondsTotal,
    };
    await (json ? printJson(terminal, summary) : print(terminal, `${plural(tally.scans, 'scan')}\n`));
  } finally {
    end();
  }
}

/** Under the names that scripts know. */
function countersOf({ recoverableErrors: troubles, ...others }: StageCounters) {
  return { ...others, troubles };
}

function lagOf({ partitions }: StageCounters): string {
  const lag = partitions.reduce((total, partition) => total + partition.lag, 0);
  return `${plural(partitions.length, 'partition')}, ${plural(lag, 'message')} behind`;
}
