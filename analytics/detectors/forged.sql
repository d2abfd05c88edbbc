-- Proves: a mark names a registered key, PSD and license, but its signature is not by that key over these contents:
--   it was made up, or altered after it was signed.
-- Cannot: tell who did it; anybody who can print can make such marks, and the PSD and license named are
--   the victim's.
-- Parameters: none.
-- @members of fresh
select row_id, '' as key, '' as why, 0 as value
from fresh where outcome in ('forged')
-- @findings
select license, psd, key, 'medium' as severity,
  format('In the name of license {} on PSD {}: {} {} with a signature that does not fit.', license, psd, count(*),
    if(count(*) = 1, 'scan', 'scans')) as detail
from members group by license, psd, key
