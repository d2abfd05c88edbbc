-- Proves: marks are dated outside the validity of their key's certificate.
-- Cannot: tell a late renewal from a wrong clock.
select
  'expired-key' as kind,
  'medium' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {}: {} scanned pieces under license {} are dated outside the validity of their key.', psd, count(*), license) as detail
from pieces
where outcome in ('expired-key', 'key-not-yet-valid')
group by license, psd
