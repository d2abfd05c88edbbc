-- Proves: marks are signed with a key and dated after it may have been in other hands.
-- Cannot: tell the owner's marks from the thief's; backdated ones are reviewed as valid-but-revoked-key.
-- Parameters: none.
-- @members of fresh
select row_id, '' as key, '' as why, 0 as value
from fresh where outcome in ('compromised-key')
-- @findings
select license, psd, key, 'critical' as severity,
  format('PSD {}: {} scanned {} under license {}, dated after the key was compromised.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license) as detail
from members group by license, psd, key
