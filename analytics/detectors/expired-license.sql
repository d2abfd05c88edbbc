-- Proves: a PSD franked genuinely under a license outside the time for which the authority granted it.
-- Cannot: tell whether the user knew; a renewal may be on its way.
-- Parameters: none.
-- @members of fresh
select row_id, '' as key, '' as why, 0 as value
from fresh where outcome in ('expired-license')
-- @findings
select license, psd, key, 'high' as severity,
  format('PSD {} franked {} scanned {} under license {} outside its validity.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license) as detail
from members group by license, psd, key
