-- Proves: marks name another signature suite than their key has: made up, or printed by broken software.
-- Cannot: tell which.
-- Parameters: none.
-- @members of fresh
select row_id, '' as key, '' as why, 0 as value
from fresh where outcome in ('suite-mismatch')
-- @findings
select license, psd, key, 'medium' as severity,
  format('In the name of license {} on PSD {}: {} {} with a signature suite other than that of the key.', license, psd,
    count(*), if(count(*) = 1, 'scan', 'scans')) as detail
from members group by license, psd, key
