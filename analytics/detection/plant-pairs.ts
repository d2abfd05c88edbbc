import { NO_ROWS } from '../store/audit/seals.ts';
import type { Connection } from './connection.ts';
import { mergeStates, PLANT_DAY, SCAN_DAY_SQL, type StateTable, type SumChange, total } from './state-tables.ts';

/** A piece passes three or four plants; a mark that was seen at more is copied, and says nothing of their clocks. */
const PLANTS_OF_MARK_MAX = 8;

/**
 * Each mark at two plants, in both directions: how much later one saw it, and how much heavier it weighed it in thousandths
 * of an octave. Of several scans at one plant the first by its clock counts, so that a mark has at most 56 pairs however
 * often it is scanned.
 */
function pairsOf(relation: string): string {
  return `
  with firsts as (
    select license, psd, piece_count, content_digest, plant, ${SCAN_DAY_SQL} as day, coalesce(pass, '') as pass,
      epoch_ms(scanned_at) as scanned_at_ms, weight_grams
    from ${relation} where plant is not null and scanned_at is not null
    qualify row_number() over (partition by license, psd, piece_count, content_digest, plant
      order by scanned_at, pass nulls last, weight_grams nulls last, scan_id, scan_digest) = 1
  ),
  compared as (
    from firsts qualify count(*) over (partition by license, psd, piece_count, content_digest)
      between 2 and ${PLANTS_OF_MARK_MAX}
  )
  select one.plant, one.day, one.pass, other.plant as other, other.pass as other_pass, license,
    (one.scanned_at_ms - other.scanned_at_ms) // 1000 as gap_seconds,
    round(1000 * log2(greatest(one.weight_grams, 0.5) / greatest(other.weight_grams, 0.5)))::bigint as octave_thousandths
  from compared as one join compared as other using (license, psd, piece_count, content_digest)
  where one.plant <> other.plant`;
}

const PLANT_PAIR: StateTable = {
  table: 'plant_pair',
  from: 'pair_rows',
  keys: [
    ...PLANT_DAY,
    { name: 'pass', of: 'pass' },
    { name: 'other', of: 'other' },
    { name: 'other_pass', of: 'other_pass' },
    { name: 'license', of: 'license' },
  ],
  columns: [
    total('marks', 'sign'),
    total('gap_seconds', 'sign * gap_seconds'),
    total('weighed', 'if(octave_thousandths is null, 0, sign)'),
    total('octave_thousandths', 'sign * coalesce(octave_thousandths, 0)'),
  ],
};

/**
 * Brings the sums over pairs up to date: what the marks of `repeats` said before their new scans goes, what they say with
 * them comes. `changed_pairs` then holds the days that this touched.
 */
export async function mergePairs(
  connection: Connection,
  afterRow: bigint,
  hasRepeats: boolean,
): Promise<ReadonlyMap<string, SumChange>> {
  // To plan what makes pairs takes 10 ms.
  if (!hasRepeats) {
    await connection.run('create or replace temp table changed_pairs (day integer)');
    return new Map([[PLANT_PAIR.table, { added: NO_ROWS, removed: NO_ROWS }]]);
  }
  await connection.run(`create or replace temp table pair_rows as
    select 1 as sign, * from (${pairsOf('repeats')})
    union all
    select -1, * from (${pairsOf(`(from repeats where row_id <= ${afterRow})`)})`);
  const changes = await mergeStates(connection, [PLANT_PAIR]);
  await connection.run('create or replace temp table changed_pairs as select distinct day from merged_plant_pair');
  return changes;
}
