-- Proves: genuine marks are dated days after they were scanned: the PSD's time is wrong, or was made wrong.
-- Cannot: tell a fault from intent.
select
  'future-date' as kind,
  'medium' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {}: {} scanned pieces under license {} are dated up to {} days after their scan.', psd, count(*), license,
    max(date_diff('day', scanned_at, printed_at))) as detail
from pieces
where outcome = 'date-anomaly' and printed_at > scanned_at
group by license, psd
