-- Proves: marks are dated outside the validity of their key's certificate.
-- Cannot: tell a late renewal from a wrong clock.
-- Parameters: none.
-- @members of fresh
select row_id, '' as key, '' as why, 0 as value
from fresh where outcome in ('expired-key', 'key-not-yet-valid')
-- @findings
select license, psd, key, 'medium' as severity,
  format('PSD {}: {} scanned {} under license {}, dated outside the validity of the key.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license) as detail
from members group by license, psd, key
