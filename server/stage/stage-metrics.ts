import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { UncheckedCounts } from '../../indicium/index.ts';
import type { IgnoredField } from '../../scans/index.ts';
import { addLakeGauges, type LakeBehind } from '../lake-metrics.ts';
import { IGNORED_FIELDS, UNCHECKED_METRIC } from '../metrics.ts';

/** What a member of a stage did since it started, and how many findings there are. */
type StageTotals = Readonly<
  Record<'scans' | 'accepted' | 'diverted' | 'manual' | 'repeated' | 'deadLetters' | 'findings', number>
>;

/** What a member says of itself and of the partitions that it owns. */
interface MemberCounters extends Readonly<Record<'rebalances' | 'claims' | 'recoverableErrors' | 'messages', number>> {
  readonly partitions: readonly Readonly<Record<'partition' | 'lag' | 'heldMessages' | 'heldBytes', number>>[];
}

export interface StageMeasures {
  readonly counters: () => MemberCounters;
  readonly totals: () => StageTotals;
  /** Fields of scans that were given and not used. */
  readonly ignored: () => readonly (IgnoredField & { readonly scans: number })[];
  /** Scans with a genuine mark by the checks of it that were not made. */
  readonly unchecked: () => UncheckedCounts;
  /** How far the lake is behind, by partition. */
  readonly lakes: () => ReadonlyMap<string, LakeBehind>;
}

/** The metrics of a member of a stage. Counters of the stage only grow, so each is brought up to what it is by now. */
export function stageRegistry({ counters, totals, ignored, unchecked, lakes }: StageMeasures): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  addLakeGauges(registry, lakes);
  const grown = (name: string, help: string, value: () => number) => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
  grown('indicia_stage_rebalances_total', 'Assignments of partitions by the group.', () => counters().rebalances);
  grown('indicia_stage_claims_total', 'Partitions that were taken up.', () => counters().claims);
  grown(
    'indicia_stage_recoverable_errors_total',
    'Failures after which it went on.',
    () => counters().recoverableErrors,
  );
  grown('indicia_stage_messages_total', 'Messages that were fetched.', () => counters().messages);
  new Counter({
    name: 'indicia_stage_scans_total',
    help: 'Scans by what became of them here: each is counted once.',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset();
      const { scans, accepted, diverted, manual } = totals();
      const read = scans - accepted - diverted - manual;
      for (const [result, its] of Object.entries({ read, accepted, diverted, manual })) this.labels(result).inc(its);
    },
  });
  grown('indicia_stage_repeated_total', 'Scans that were delivered again.', () => totals().repeated);
  grown('indicia_stage_dead_letters_total', 'Dead letters that were written.', () => totals().deadLetters);
  new Gauge({
    name: 'indicia_stage_findings',
    help: 'Findings of the last looks for fraud, in all partitions.',
    registers,
    collect() {
      this.set(totals().findings);
    },
  });
  new Counter({
    name: IGNORED_FIELDS.name,
    help: IGNORED_FIELDS.help,
    labelNames: IGNORED_FIELDS.labelNames,
    registers,
    collect() {
      this.reset();
      for (const { field, problem, scans } of ignored()) this.labels(field, problem).inc(scans);
    },
  });
  new Counter({
    name: UNCHECKED_METRIC.name,
    help: UNCHECKED_METRIC.help,
    labelNames: UNCHECKED_METRIC.labelNames,
    registers,
    collect() {
      this.reset();
      for (const [check, scans] of Object.entries(unchecked())) this.labels(check).inc(scans);
    },
  });
  for (const [name, help, field] of PARTITION_GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: ['partition'],
      registers,
      collect() {
        this.reset();
        for (const partition of counters().partitions) this.labels(`${partition.partition}`).set(partition[field]);
      },
    });
  }
  return registry;
}

const PARTITION_GAUGES = [
  ['indicia_stage_lag_messages', 'Messages of a partition that were not fetched yet.', 'lag'],
  ['indicia_stage_held_messages', 'Messages of a partition that were fetched and are not done.', 'heldMessages'],
  ['indicia_stage_held_bytes', 'Their bytes.', 'heldBytes'],
] as const;
