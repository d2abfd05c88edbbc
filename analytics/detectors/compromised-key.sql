-- Proves: marks are signed with a key and dated after it may have been in other hands.
-- Cannot: tell the owner's marks from the thief's; backdated ones are reviewed as valid-but-revoked-key.
select
  'compromised-key' as kind,
  'critical' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {}: {} scanned pieces under license {} are dated after their key was compromised.', psd, count(*), license) as detail
from pieces
where outcome in ('compromised-key')
group by license, psd
