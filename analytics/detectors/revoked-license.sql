-- Proves: a PSD franked genuinely under a license after the authority had revoked it.
-- Cannot: tell whether the revocation had reached the user.
-- Parameters: none.
-- @members of fresh
select row_id, '' as key, '' as why, 0 as value
from fresh where outcome in ('revoked-license')
-- @findings
select license, psd, key, 'critical' as severity,
  format('PSD {} franked {} scanned {} under license {} after it was revoked.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license) as detail
from members group by license, psd, key
