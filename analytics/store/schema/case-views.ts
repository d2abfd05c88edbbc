import { KINDS_SQL } from '../case-subjects.ts';
import { NAMED_VOICES_SQL } from './finding-schema.ts';

/** Where the table of scores by severity holds `outsiderScoreMax`. */
export const OUTSIDER_SCORE = 'outsider-max';

/**
 * Findings about one thing are one case: a cloned PSD has forks by the thousand and a rollback, and is one PSD. Marks that
 * strangers made up are one case by the plant and day (or, where no plant is named, the source) they came in at, however
 * many names they bear.
 *
 * A case is closed when somebody closed it and every scan that its findings name was named then, for the same reason;
 * reopened when one was not. Its score: over its kinds, the weight of their severity, once more for each doubling of scans;
 * half of it where one plant alone says so. What strangers can make at will scores no more than `outsiderScoreMax`
 * of the policy. The role is the gravest that a finding has: `suspect`, or else `unknown`.
 */
export const CASE_VIEWS_SQL = `
create view case_scans as
select case subject when 'psd' then 'psd/' || psd when 'license' then 'license/' || license
    when 'marks' then 'marks/' || license || '/' || psd
    else concat('forgery/', coalesce(plant, brought_by, 'unknown'), '/', coalesce(strftime(scanned_at, '%Y-%m-%d'), 'undated'))
  end as case_id,
  kind, license, psd, key, row_id, scan_id, scanned_at, scan_digest, brought_by, voice, rests_on
from ${NAMED_VOICES_SQL} as named join ${KINDS_SQL} using (kind)
union all
-- A finding about a plant rests on all its scans and names none: a case is closed over its key, and reopened by another.
select 'plant/' || plant, kind, license, psd, key, null, key, null, null, null, null, null
from finding where plant is not null;

create view case_findings as
select distinct case_id, kind, severity, license, psd, key, detail, policy_version, role
from findings join case_scans using (kind, license, psd, key)
union all
select 'plant/' || plant, kind, severity, license, psd, key, detail, policy_version, role
from findings where plant is not null;

create view cases as
with by_kind as (
  select case_id, kind, max(severity) as severity, count(distinct (license, psd, key)) as findings,
    list(distinct role) as roles,
    min(license) as first_license, max(license) as last_license, min(psd) as first_psd, max(psd) as last_psd
  from case_findings group by case_id, kind
),
seen as (
  select case_id, kind, count(distinct row_id) as scans,
    if(count(distinct voice) = 1 and count(*) = count(rests_on), 1, 2) as halves
  from case_scans group by case_id, kind
),
scored as (
  select case_id, list(kind order by kind) as kinds,
    list(severity order by list_position(['critical', 'high', 'medium', 'low'], severity))[1] as severity,
    (sum(coalesce(score, 0) * (1 + floor(log2(greatest(scans, 1)))) * halves)::bigint // 2)::bigint as full_score,
    flatten(list(roles)) as roles,
    bool_and(subject = 'maker') as is_capped,
    sum(findings)::bigint as findings,
    if(min(first_license) = max(last_license), min(first_license), null) as license,
    if(min(first_psd) = max(last_psd), min(first_psd), null) as psd
  from by_kind join seen using (case_id, kind) left join severity_score using (severity)
    join ${KINDS_SQL} using (kind)
  group by case_id
),
spans as (
  select case_id, count(distinct row_id) as scans, min(scanned_at) as first_scanned_at, max(scanned_at) as last_scanned_at,
    list_sort(list(distinct brought_by) filter (where brought_by is not null)) as brought_by
  from case_scans group by case_id
),
closings as (
  select case_id, max(sequence) as sequence, arg_max(note, sequence) as note,
    arg_max(closed_at_ms, sequence) as closed_at_ms
  from case_closing group by case_id
),
unknown_then as (
  select case_id, count(*) as new_scans
  from (
    select distinct case_id, kind, scan_id, scan_digest from case_scans semi join closings using (case_id)
  ) as named
  anti join (from case_closed_scan semi join closings using (case_id, sequence)) as closed
    on closed.case_id = named.case_id and closed.kind = named.kind and closed.scan_id = named.scan_id
      -- Up to version 4 of the store a case was closed over scan ids alone.
      and coalesce(closed.scan_digest = named.scan_digest, true)
  group by case_id
)
select case_id, severity,
  if(is_capped, least(full_score, coalesce((select max(score) from severity_score where severity = '${OUTSIDER_SCORE}'), full_score)),
    full_score) as score, kinds, license, psd, findings, scans, first_scanned_at, last_scanned_at,
  case when closings.case_id is null then 'open' when new_scans > 0 then 'reopened' else 'closed' end as state,
  coalesce(new_scans, 0) as new_scans, note, epoch_ms(closed_at_ms) as closed_at,
  coalesce(brought_by, []::varchar[]) as brought_by,
  case when list_contains(roles, 'suspect') then 'suspect' when list_contains(roles, 'unknown') then 'unknown' else 'victim' end as role
from scored join spans using (case_id) left join closings using (case_id) left join unknown_then using (case_id);
`;
