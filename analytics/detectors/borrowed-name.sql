-- Proves: a PSD signed, with the key that was certified for it, marks in the name of another license or PSD. The finding
--   is about the PSD whose key signed; whom the marks name is its victim.
-- Cannot: tell the user of that PSD from a thief who has its key, as long as nobody has reported the theft. From the time
--   at which a key may be in other hands, its marks accuse nobody (cross-key).
-- Parameters: none.
-- @members of fresh
select row_id, format('{}/{}', named_license, named_psd) as key, '' as why, 0 as value
from fresh where outcome in ('borrowed-name')
-- @findings
select license, psd, key, 'critical' as severity,
  format('The key of PSD {} for license {} signed {} scanned {} in the name of license {} on PSD {}, the victim.', psd,
    license, count(*), if(count(*) = 1, 'piece', 'pieces'), split_part(key, '/', 1), split_part(key, '/', 2)) as detail
from members group by license, psd, key
