import { Store } from '../analytics/index.ts';
import { beforeGate, type FraudLine, innocentsAsSuspects } from '../psd-sim/index.ts';

/** Scans of one fraud, and those of them that were diverted or put before a person while they were before the gate. */
export interface Answered {
  readonly scans: number;
  readonly answered: number;
}

/** Licenses and PSDs that findings or cases suspect and that the truth does not. */
export async function innocentSuspects(store: Store, frauds: readonly FraudLine[]): Promise<string[]> {
  const said = async (view: string) => {
    const result = await store.connection.runAndReadAll(
      `select distinct * from (select ${await columns(store, view)} from ${view})`,
    );
    return result.getRowObjects().map((row) => ({
      kind: text(row.kind) ?? 'case',
      ...(row.kinds !== undefined && { kinds: String(row.kinds).split(' ') }),
      scanIds: [],
      severity: text(row.severity) ?? '',
      license: row.license === null ? null : Number(row.license),
      psd: text(row.psd),
      role: text(row.role),
    }));
  };
  return innocentsAsSuspects(frauds, { findings: await said('findings'), cases: await said('cases') });
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Those of the view that roles are told by; a store whose findings have no roles has the others. */
async function columns({ connection }: Store, view: string): Promise<string> {
  const result = await connection.runAndReadAll(
    `select if(column_name = 'kinds', 'array_to_string(kinds, '' '') as kinds', column_name)
     from duckdb_columns() where table_name = '${view}'
     and column_name in ('kind', 'kinds', 'severity', 'license', 'psd', 'role')`,
  );
  return result
    .getRows()
    .map(([name]) => String(name))
    .join(', ');
}

/** From the verdicts as they were recorded with the scans, by the name of the fraud. */
export async function answeredBeforeGate(
  base: string,
  frauds: readonly FraudLine[],
): Promise<Readonly<Record<string, Answered>>> {
  const store = await Store.open(base);
  const result = await store.connection.runAndReadAll(
    "select scan_id, disposition from verdicts where disposition <> 'accept'",
  );
  store.close();
  const verdicts = result.getRows().map(([scanId, disposition]) => {
    return { scanId: String(scanId), disposition: String(disposition) };
  });
  const byFraud = Map.groupBy(frauds, ({ fraud }) => fraud);
  const answered = [...byFraud].map(([fraud, lines]): [string, Answered] => {
    return [fraud, beforeGate(new Set(lines.flatMap(({ scanIds }) => scanIds)), verdicts)];
  });
  return Object.fromEntries(answered);
}
