import { Gauge, type Registry } from 'prom-client';

/** How far a lake is behind its store: rows, and seconds since it lacks something; `failure` says why it cannot be written. */
export interface LakeBehind {
  readonly rows: number;
  readonly seconds: number;
  readonly failure: string | null;
}

/** How far lakes are behind, by partition. */
export function addLakeGauges(registry: Registry, lakes: () => ReadonlyMap<string, LakeBehind>): void {
  const gauges: readonly (readonly [name: string, help: string, of: (lake: LakeBehind) => number])[] = [
    ['indicia_lake_behind_rows', 'Rows that the store has and the lake has not.', ({ rows }) => rows],
    [
      'indicia_lake_behind_seconds',
      'Since when the lake lacks something; 0 where it has all.',
      ({ seconds }) => seconds,
    ],
    ['indicia_lake_failing', '1 while the lake cannot be written.', ({ failure }) => Number(failure !== null)],
  ];
  for (const [name, help, of] of gauges) {
    new Gauge({
      name,
      help,
      labelNames: ['partition'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [partition, lake] of lakes()) this.labels(partition).set(of(lake));
      },
    });
  }
}
