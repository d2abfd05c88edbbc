-- Proves: a PSD franked genuinely under a license after the authority had revoked it.
-- Cannot: tell whether the revocation had reached the user.
select
  'revoked-license' as kind,
  'critical' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {} franked {} scanned pieces under license {} after it was revoked.', psd, count(*), license) as detail
from pieces
where outcome in ('revoked-license')
group by license, psd
