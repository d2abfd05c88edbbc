-- Proves: marks name a key that is not registered.
-- Cannot: tell a forger from a key that has not reached this registry yet; keys are distributed before they are used.
select
  'unknown-key' as kind,
  'medium' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('{} scans in the name of license {} on PSD {} name key {}, which is not registered.', count(*), license, psd,
    key_id) as detail
from pieces
where outcome = 'unknown-key'
group by license, psd, key_id
