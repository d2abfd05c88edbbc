-- Proves: marks name a key that belongs to another PSD or another license, and that key did not sign them, or it may be
--   in other hands: anybody can print such marks. Where the key fits, its owner is named (borrowed-name).
-- Cannot: tell who did it; the PSD and license named are the victim's, and so is the key.
-- Parameters: none.
-- @members of fresh
select row_id, key_id::varchar as key, '' as why, 0 as value
from fresh where outcome in ('key-mismatch')
-- @findings
select license, psd, key, 'medium' as severity,
  format('{} scans in the name of license {} on PSD {} name key {}, which belongs elsewhere.', count(*), license, psd, key) as detail
from members group by license, psd, key
