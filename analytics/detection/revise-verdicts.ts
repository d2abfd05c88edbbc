import type { Policy } from '../judge/default-policy.ts';
import { asBigint } from '../store/values.ts';
import { type Connection, scalar } from './connection.ts';

/**
 * Records where the findings now ask for something else than what a piece was last answered: graver, or as before where
 * a finding has gone again. The original of a copy deserves no more than that a person looks at it. What was answered stays as it is; the last revision of a scan says what it deserved.
 */
export async function reviseVerdicts(connection: Connection, policy: Policy): Promise<void> {
  const grave = (treatment: string) =>
    Object.entries(policy.findings).flatMap(([kind, its]) => (its === treatment ? [`'${kind}'`] : []));
  const isAny = (kinds: readonly string[]) => (kinds.length === 0 ? 'false' : `kind in (${kinds.join(', ')})`);
  await connection.run(`create or replace temp table in_question as
    select row_id from changed_rows union select row_id from forgotten_rows`);
  const first = await scalar(connection, 'select min(row_id) from in_question');
  if (first === null) return;
  const last = await scalar(connection, 'select max(row_id) from in_question');
  await connection.run(`
    insert into revision
    with accused as (
      select row_id, max(case when ${isAny(grave('divert'))} then if(why = 'original', 1, 2) when ${isAny(grave('manual'))} then 1 else 0 end) as deserved,
        list(distinct kind order by kind) as kinds
      from named_scan semi join in_question using (row_id) group by row_id
    ),
    answered as (
      select row_id, scan_id, plant, ${gravity('disposition')} as answered
      from verdicts semi join in_question using (row_id)
      where row_id between ${asBigint(first)} and ${asBigint(last)}
    ),
    revised as (
      select row_id, ${gravity('arg_max(to_disposition, sequence)')} as revised from revision group by row_id
    ),
    compared as (
      select row_id, scan_id, plant, coalesce(revised, answered) as before,
        greatest(answered, coalesce(deserved, 0)) as after, coalesce(kinds, []::varchar[]) as kinds
      from answered left join accused using (row_id) left join revised using (row_id)
    )
    select (select coalesce(max(sequence), 0) from revision) + row_number() over (order by row_id), row_id, scan_id,
      ['accept', 'manual', 'divert'][before + 1], ['accept', 'manual', 'divert'][after + 1], kinds, ${policy.version}, plant
    from compared where before <> after`);
}

function gravity(disposition: string): string {
  return `case ${disposition} when 'divert' then 2 when 'manual' then 1 else 0 end`;
}
