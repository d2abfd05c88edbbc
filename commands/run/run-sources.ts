import { once } from 'node:events';
import { readPolicy } from '../../analytics/judge/index.ts';
import { type RunReport, type RunSummary, run } from '../../app/index.ts';
import { plural } from '../../indicium/index.ts';
import { dropFolder } from '../../ingest/index.ts';
import { isKafkaUrl } from '../../ingest/kafka/index.ts';
import { SourceError } from '../../scans/index.ts';
import type { KafkaOptions } from '../kafka/kafka-options.ts';
import { kafkaLogOf } from '../log-options.ts';
import { type DropFlags, dropOptionsOf } from '../options.ts';
import { receiptClock } from '../received-at.ts';
import { stopSignal } from '../stop-signal.ts';
import { storePorts } from '../store-ports.ts';
import { rate, type Terminal } from '../terminal.ts';
import { warnOfFaults } from '../warn-of-faults.ts';
import { type OpenedSources, openSources } from './open-sources.ts';
import type { RunLog } from './run-log.ts';

export interface RunFlags extends Partial<KafkaOptions> {
  readonly registry: string;
  readonly db?: string;
  readonly policy?: string;
  readonly lake?: string;
  readonly workers?: number;
  readonly untilDrained?: boolean;
  readonly publish?: boolean;
  /** From when on scans count as received; not given, by the clock, and of files nobody knows. */
  readonly receivedAt?: number;
  /** A folder that is watched until the program is asked to stop. */
  readonly drop?: DropFlags & { readonly watch: string };
}

/** Opens what the command line calls sources, or a watched folder, and runs the pipeline and the detectors over it. */
export async function runSources(
  specs: readonly string[],
  { registry, db, policy: policyFile, lake, workers, drop, receivedAt, ...topics }: RunFlags,
  terminal: Terminal,
  said: RunLog,
): Promise<RunReport> {
  const policy = readPolicy(policyFile);
  if (db === undefined) throw new SourceError('the store is missing: name it with --db, or INDICIA_DB');
  if (specs.includes('-')) await somethingIn(terminal.stdin);
  const startedAtMs = performance.now();
  const opened =
    drop === undefined
      ? await openSources(specs, topics, terminal, kafkaLogOf(said.log))
      : await openDrop(drop, terminal, said);
  const isReceiptKnown = drop !== undefined || specs.some(isKafkaUrl) || receivedAt !== undefined;
  try {
    const report = await run(
      opened.sources,
      { registry, db, policy, workers, lake },
      {
        nowMs: terminal.nowMs,
        receivedAtMs: isReceiptKnown ? receiptClock(receivedAt, terminal.nowMs) : undefined,
        store: storePorts(terminal, said.warn),
        onNotice: said.warn,
        onFaults: warnOfFaults(said.warn),
        onProgress: ({ scans }: RunSummary) =>
          said.show(`${plural(scans, 'scan')}, ${rate(scans, performance.now() - startedAtMs, 'a second')}`),
        onDetecting: () => said.show('looking for fraud'),
      },
    );
    said.done(`${plural(report.scans, 'scan')} in ${report.secondsTotal.toFixed(1)} s`);
    return report;
  } finally {
    await opened.close();
  }
}

/** In `indicia fleet … | indicia run -`, the fleet publishes its registry before it writes the first scan. */
async function somethingIn(stdin: Terminal['stdin']): Promise<void> {
  if (stdin.readableEnded || stdin.readableLength > 0) return;
  // One that ends with nothing in it need not become readable.
  await Promise.race([once(stdin, 'readable'), once(stdin, 'end')]);
}

async function openDrop(
  drop: DropFlags & { readonly watch: string },
  terminal: Terminal,
  said: RunLog,
): Promise<OpenedSources> {
  const { signal, end } = stopSignal();
  const source = await dropFolder(drop.watch, dropOptionsOf(drop), {
    nowMs: terminal.nowMs,
    stopped: signal,
    onRefused: said.warn,
  });
  return { sources: [source], close: async () => end() };
}
