import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { StageCounters } from '../kafka/stage.ts';

/** What a member of a stage did since it started. */
export type StageTotals = Readonly<Record<string, number>>;

/** The metrics of a member of a stage. Counters of the stage only grow, so each is brought up to what it is by now. */
export function stageRegistry(counters: () => StageCounters, totals: () => StageTotals): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
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
  grown('indicia_stage_troubles_total', 'Failures after which it went on.', () => counters().troubles);
  grown('indicia_stage_messages_total', 'Messages that were fetched.', () => counters().messages);
  new Counter({
    name: 'indicia_stage_scans_total',
    help: 'Scans by what became of them here.',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset();
      for (const [result, scans] of Object.entries(totals())) this.labels(result).inc(scans);
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
