-- Proves: genuine marks are dated long before they were scanned: kept back, or printed with an old date to use old rates.
-- Cannot: tell a letter that lay in a drawer from fraud; hence only medium.
select
  'stale-date' as kind,
  'medium' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {}: {} scanned pieces under license {} are dated up to {} days before their scan.', psd, count(*), license,
    max(date_diff('day', printed_at, scanned_at))) as detail
from pieces
where outcome = 'date-anomaly' and printed_at < scanned_at
group by license, psd
