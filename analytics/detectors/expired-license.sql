-- Proves: a PSD franked genuinely under a license outside the time for which the authority granted it.
-- Cannot: tell whether the user knew; a renewal may be on its way.
select
  'expired-license' as kind,
  'high' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {} franked {} scanned pieces under license {} outside its validity.', psd, count(*), license) as detail
from pieces
where outcome in ('expired-license')
group by license, psd
