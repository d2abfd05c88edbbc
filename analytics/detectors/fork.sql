-- Proves: one piece count of one register set was used for different contents, both genuinely signed. A PSD never
--   does that: it was cloned, or an old state of its registers was put back.
-- Cannot: tell the clone from the original.
select
  'fork' as kind,
  'critical' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('Piece {} of license {} on PSD {} exists with {} different contents, all genuinely signed.', piece_count,
    license, psd, count(distinct content_digest)) as detail
from pieces
where genuine
group by license, psd, piece_count
having count(distinct content_digest) > 1
