-- Proves: a license was on more PSDs at one time than the authority allowed, and this PSD, by the order of the
--   grants, is one of those beyond the limit. A replaced PSD, whose grant has ended, does not count.
-- Looks at pieces whose key and license were in force; the others have findings of their own.
-- Cannot: tell whether the PSDs granted earlier are the ones that should have been taken off.
-- Parameters: none; the limit is the license's.
-- @members of fresh
with crowded as (
  select license, psd_limit from licenses
  where psd_limit < (select count(distinct psd) from grants where grants.license = licenses.license)
),
active as (
  select fresh.row_id, fresh.psd, grants.psd as granted_psd, psd_limit, min(grants.granted_at_ms) as granted_at_ms
  from fresh
  join crowded using (license)
  join grants
    on grants.license = fresh.license
    and grants.granted_at_ms <= fresh.printed_at_ms
    and (grants.ended_at_ms is null or grants.ended_at_ms > fresh.printed_at_ms)
  where fresh.outcome in ('valid', 'ungranted-psd', 'overspread-license', 'date-anomaly')
  group by all
),
placed as (
  select *, row_number() over (partition by row_id order by granted_at_ms, granted_psd) as place from active
)
select row_id, '' as key, '' as why, place as value
from placed where granted_psd = psd and place > psd_limit
-- @findings
select license, psd, key, 'high' as severity,
  format('License {} may be on {} {}; PSD {} is number {} and franked {} scanned {}.', license, max(psd_limit),
    if(max(psd_limit) = 1, 'PSD', 'PSDs'), psd, max(value), count(*), if(count(*) = 1, 'piece', 'pieces')) as detail
from members join licenses using (license) group by license, psd, key
