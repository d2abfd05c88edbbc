-- Proves: marks are signed with a key and dated after it was revoked.
-- Cannot: tell why the key was still in use.
-- Parameters: none.
-- @members of fresh
select row_id, '' as key, '' as why, 0 as value
from fresh where outcome in ('revoked-key')
-- @findings
select license, psd, key, 'high' as severity,
  format('PSD {}: {} scanned {} under license {}, dated after the key was revoked.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license) as detail
from members group by license, psd, key
