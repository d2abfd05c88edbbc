import { type Connection, scalar } from './connection.ts';
import type { FreshRows } from './fresh-evidence.ts';
import { MARK_COLUMNS } from './mark-columns.ts';
import { SCAN_DAY_SQL } from './state-tables.ts';

/** Marks of suspect sets, mark by mark: kept, so that the history of a set is read once. `added_suspects` are those that are new. */
export async function collectSuspects(connection: Connection, { afterRow }: FreshRows): Promise<void> {
  await connection.run(`create or replace temp table new_suspects as
    from (select distinct license, psd from suspected) anti join suspect_set using (license, psd)`);
  await connection.run('create or replace temp table added_suspects as from suspect_scan limit 0');
  if ((await scalar(connection, 'select count(*) > 0 from new_suspects')) === true) {
    await connection.run('insert into suspect_set from new_suspects');
    await connection.run(`insert into added_suspects select ${MARK_COLUMNS}
      from pieces semi join new_suspects using (license, psd) where genuine and row_id <= ${afterRow}`);
  }
  await connection.run(`insert into added_suspects select ${MARK_COLUMNS}
    from fresh semi join suspect_set using (license, psd) where genuine`);
  await connection.run('insert into suspect_scan from added_suspects');
  // What a plant says by a clock that is doubted now, or no longer, is weighed anew.
  await connection.run(`create or replace temp table looked_at as
    from suspect_set semi join touched_licenses using (license)
    union
    select distinct license, psd from suspect_scan
    join changed_doubts on suspect_scan.plant = changed_doubts.plant and ${SCAN_DAY_SQL} = changed_doubts.day`);
  await connection.run(`create or replace temp table suspects as
    from suspect_scan semi join looked_at using (license, psd)`);
  await connection.run(`create or replace temp table dated_marks as ${DATED_MARKS}`);
}

/**
 * The marks of `suspects`, once each: forks, re-scans and copies of a piece count are one mark for each of its contents. A mark
 * is out of order where one that is dated later has the same or a lower piece count, or a lower epoch, or the other way round.
 */
const DATED_MARKS = `
with marks as (
  select license, psd, content_digest, min(row_id) as first_row, min(epoch) as epoch, min(piece_count) as piece_count,
    min(ascending_mills) as ascending_mills, min(postage_mills) as postage_mills, min(printed_at_ms) as printed_at_ms
  from suspects group by license, psd, content_digest
)
select *,
  coalesce(
    piece_count <= max(piece_count) over earlier or piece_count >= min(piece_count) over later
      or epoch < max(epoch) over earlier or epoch > min(epoch) over later,
    false) as is_out_of_order
from marks
window
  earlier as (partition by license, psd order by printed_at_ms range between unbounded preceding and current row exclude group),
  later as (partition by license, psd order by printed_at_ms range between current row and unbounded following exclude group)`;
