-- Proves: marks are signed with a key and dated after it was revoked.
-- Cannot: tell why the key was still in use.
select
  'revoked-key' as kind,
  'high' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {}: {} scanned pieces under license {} are dated after their key was revoked.', psd, count(*), license) as detail
from pieces
where outcome in ('revoked-key')
group by license, psd
