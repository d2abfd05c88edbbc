-- Proves: marks name a key that belongs to another PSD or another license.
-- Cannot: tell whether the owner of that key made them.
select
  'cross-key' as kind,
  'critical' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('{} scans in the name of license {} on PSD {} name key {}, which belongs elsewhere.', count(*), license, psd,
    key_id) as detail
from pieces
where outcome = 'key-mismatch'
group by license, psd, key_id
