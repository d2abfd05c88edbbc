-- Proves: marks name a key that belongs to another PSD or another license, and that key did not sign them, or it may be
--   in other hands: anybody can print such marks. Where the key fits, its owner is named (borrowed-name).
-- Cannot: tell who did it; the PSD and license named are the victim's, and so is the key.
-- Parameters: none.
-- @members of fresh
select row_id, key_id::varchar as key, '' as why, 0 as value
from fresh where outcome in ('key-mismatch')
-- @findings
select license, psd, key, 'medium' as severity,
  format('In the name of license {} on PSD {}: {} {} with key {}, which belongs elsewhere.', license, psd, count(*),
    if(count(*) = 1, 'scan', 'scans'), key) as detail
from members group by license, psd, key
