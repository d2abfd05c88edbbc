-- Proves: a PSD franked genuinely under a license which, at the time of franking, was not granted to it.
-- Looks at pieces whose key and license were in force; the others have findings of their own.
-- Cannot: tell whether the manufacturer, the certifier or the user is at fault.
select
  'ungranted-psd' as kind,
  'high' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {} franked {} scanned pieces under license {}, which was not granted to it.', psd, count(*), license)
    as detail
from pieces
where outcome in ('valid', 'ungranted-psd', 'overspread-license', 'date-anomaly')
  and not exists (
    from grants
    where grants.license = pieces.license
      and grants.psd = pieces.psd
      and grants.granted_at_ms <= pieces.printed_at_ms
      and (grants.ended_at_ms is null or grants.ended_at_ms > pieces.printed_at_ms)
  )
group by license, psd
