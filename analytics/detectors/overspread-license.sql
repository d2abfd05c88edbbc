-- Proves: a license was on more PSDs at one time than the authority allowed, and this PSD, by the order of the
--   grants, is one of those beyond the limit. A replaced PSD, whose grant has ended, does not count.
-- Looks at pieces whose key and license were in force; the others have findings of their own.
-- Cannot: tell whether the PSDs granted earlier are the ones that should have been taken off.
with active as (
  select pieces.row_id, pieces.scan_id, pieces.license, pieces.psd, grants.psd as granted_psd,
    min(grants.granted_at_ms) as granted_at_ms
  from pieces
  join grants
    on grants.license = pieces.license
    and grants.granted_at_ms <= pieces.printed_at_ms
    and (grants.ended_at_ms is null or grants.ended_at_ms > pieces.printed_at_ms)
  where pieces.outcome in ('valid', 'ungranted-psd', 'overspread-license', 'date-anomaly')
  group by all
),
placed as (
  select *, row_number() over (partition by row_id order by granted_at_ms, granted_psd) as place from active
),
own as (
  select row_id, scan_id, license, psd, place from placed where granted_psd = psd
)
select
  'overspread-license' as kind,
  'high' as severity,
  own.license,
  own.psd,
  list(scan_id order by row_id) as scan_ids,
  format('License {} may be on {} PSDs; PSD {} is number {} and franked {} scanned pieces.', own.license,
    any_value(psd_limit), own.psd, max(place), count(*)) as detail
from own
join licenses on licenses.license = own.license
where place > psd_limit
group by own.license, own.psd
