-- Proves: a mark that its owner handed back as unused, and had refunded, is on a mailpiece.
-- Cannot: tell whether the mark handed back or the one mailed was the photocopy; which of the two came first does not
--   matter. Where the piece count was forked, all its contents are named, since a refund records the count alone.
-- Thresholds: none. Silent where the registry lists no refunds.
select
  'refund-mailed' as kind,
  'high' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {}: {} scanned pieces under license {} carry marks that were refunded as unused.', psd, count(*), license)
    as detail
from pieces semi join refunds using (license, psd, piece_count)
where genuine
group by license, psd
