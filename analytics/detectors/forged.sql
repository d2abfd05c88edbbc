-- Proves: a mark names a registered key, PSD and license, but its signature is not by that key over these contents:
--   it was made up, or altered after it was signed.
-- Cannot: tell who did it; the PSD and license named are as likely the victim's.
select
  'forged' as kind,
  'critical' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('{} scans in the name of license {} on PSD {} have signatures that do not fit.', count(*), license, psd)
    as detail
from pieces
where outcome = 'forged'
group by license, psd
