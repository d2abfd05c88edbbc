-- Proves: a PSD franked genuinely under a license which, at the time of franking, was not granted to it.
-- Looks at pieces whose key and license were in force; the others have findings of their own.
-- Cannot: tell whether the manufacturer, the certifier or the user is at fault.
-- Parameters: none.
-- @members of fresh
with seen as (
  select license, psd, min(printed_at_ms) as first_ms, max(printed_at_ms) as last_ms
  from fresh where outcome in ('valid', 'ungranted-psd', 'overspread-license', 'date-anomaly')
  group by license, psd
),
-- Sets for which one grant covers everything are done with here, without a look at their pieces.
doubtful as (
  select license, psd from seen
  where not exists (
    from grants
    where grants.license = seen.license and grants.psd = seen.psd and grants.granted_at_ms <= first_ms
      and (grants.ended_at_ms is null or grants.ended_at_ms > last_ms)
  )
),
pieces_in_doubt as (
  select row_id, license, psd, printed_at_ms from fresh semi join doubtful using (license, psd)
  where outcome in ('valid', 'ungranted-psd', 'overspread-license', 'date-anomaly')
)
select row_id, '' as key, '' as why, 0 as value
from pieces_in_doubt
where not exists (
  from grants
  where grants.license = pieces_in_doubt.license and grants.psd = pieces_in_doubt.psd
    and grants.granted_at_ms <= pieces_in_doubt.printed_at_ms
    and (grants.ended_at_ms is null or grants.ended_at_ms > pieces_in_doubt.printed_at_ms)
)
-- @findings
select license, psd, key, 'high' as severity,
  format('PSD {} franked {} scanned {} under license {}, which was not granted to it.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license) as detail
from members group by license, psd, key
