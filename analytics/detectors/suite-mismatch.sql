-- Proves: marks name another signature suite than their key has: made up, or printed by broken software.
-- Cannot: tell which.
select
  'suite-mismatch' as kind,
  'high' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('{} scans in the name of license {} on PSD {} name another signature suite than their key has.', count(*),
    license, psd) as detail
from pieces
where outcome = 'suite-mismatch'
group by license, psd
