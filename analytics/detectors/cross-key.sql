-- Proves: marks name a key that belongs to another PSD or another license.
-- Cannot: tell whether the owner of that key made them.
-- Parameters: none.
-- @members of fresh
select row_id, key_id::varchar as key, '' as why, 0 as value
from fresh where outcome in ('key-mismatch')
-- @findings
select license, psd, key, 'critical' as severity,
  format('{} scans in the name of license {} on PSD {} name key {}, which belongs elsewhere.', count(*), license, psd, key) as detail
from members group by license, psd, key
