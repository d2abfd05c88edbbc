-- Proves: marks name a key that is not registered.
-- Cannot: tell a forger from a key that has not reached this registry yet; keys are distributed before they are used.
-- Parameters: none.
-- @members of fresh
select row_id, key_id::varchar as key, '' as why, 0 as value
from fresh where outcome in ('unknown-key')
-- @findings
select license, psd, key, 'medium' as severity,
  format('In the name of license {} on PSD {}: {} {} with key {}, which is not registered.', license, psd, count(*),
    if(count(*) = 1, 'scan', 'scans'), key) as detail
from members group by license, psd, key
