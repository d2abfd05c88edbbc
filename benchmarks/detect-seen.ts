import type { Store } from '../analytics/index.ts';
import { type FraudLine, PROVED_BY, PROVED_BY_REVIEW } from '../psd-sim/index.ts';
import type { SeenScan } from './provable.ts';

/** What is left to see of the scans of these frauds, by scan id. */
export async function seenScans({ connection }: Store, frauds: readonly FraudLine[]): Promise<Map<string, SeenScan>> {
  await connection.run('create temp table guilty (scan_id varchar)');
  const ids = [...new Set(frauds.flatMap(({ scanIds }) => scanIds))];
  await connection.run(`insert into guilty select unnest(['${ids.join("', '")}'])`);
  const result = await connection.runAndReadAll(`
    with others as (
      select license, psd, count(*) as others, count(*) filter (where pass = 'origin') as entries from pieces anti join guilty using (scan_id)
      where genuine and epoch_ms(scanned_at) >= printed_at_ms group by license, psd
    )
    select scan_id, row_id, license, psd, piece_count, content_digest, mailpiece_id, plant, printed_at_ms,
      epoch_ms(scanned_at), coalesce(others, 0), pass, sorter_destination, weight_grams,
      coalesce(entries, 0)
    from pieces semi join guilty using (scan_id) left join others using (license, psd)`);
  const rows = result.getRows().map((row): [string, SeenScan] => {
    const text = (index: number) => (row[index] === null ? null : String(row[index]));
    const scan = {
      scanId: String(row[0]),
      row: Number(row[1]),
      pieceCount: BigInt(String(row[4])),
      contents: String(row[5]),
      mailpieceId: text(6),
      plant: text(7),
      printedAtMs: Number(row[8]),
      scannedAtMs: Number(row[9]),
      othersOfSet: Number(row[10]),
      pass: text(11),
      destination: text(12),
      weightGrams: row[13] === null ? null : Number(row[13]),
      entriesOfSet: Number(row[14]),
    };
    return [scan.scanId, scan];
  });
  return new Map(rows);
}

/** Scans of register sets that were on two PSDs at a time. */
export async function scansOfForkedSets({ connection }: Store, frauds: readonly FraudLine[]): Promise<Set<string>> {
  const sets = frauds.flatMap(({ fraud, license, psd }) => (fraud === 'fork' ? [`(${license}, '${psd}')`] : []));
  if (sets.length === 0) return new Set();
  const result = await connection.runAndReadAll(
    `select scan_id from pieces where (license, psd) in (select * from (values ${sets.join(', ')}))`,
  );
  return new Set(result.getRows().map(([scanId]) => String(scanId)));
}

/** Scans named by findings of each kind, and those with the reason of a verdict where no finding can prove the fraud. */
const REVIEWS = [...PROVED_BY_REVIEW].map((fraud) => `'${PROVED_BY[fraud]}'`).join(', ');
export const NAMED_SQL = `
  select distinct kind, scan_id from named_scan
  union
  select reason, scan_id from (select unnest(reasons) as reason, scan_id from verdicts) where reason in (${REVIEWS})`;

/** Their ids by kind. */
export async function namedScans({ connection }: Store): Promise<Map<string, Set<string>>> {
  const result = await connection.runAndReadAll(NAMED_SQL);
  const named = new Map<string, Set<string>>();
  for (const [kind, scanId] of result.getRows()) {
    const its = named.get(String(kind)) ?? new Set();
    named.set(String(kind), its.add(String(scanId)));
  }
  return named;
}
