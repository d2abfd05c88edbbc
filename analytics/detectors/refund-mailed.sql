-- Proves: a mark that its owner handed back as unused, and had refunded, is on a mailpiece.
-- Cannot: tell whether the mark handed back or the one mailed was the photocopy; which of the two came first does not
--   matter. Where the piece count was forked, all its contents are named, since a refund records the count alone.
-- Parameters: none. Silent where the registry lists no refunds.
-- @members of fresh
select row_id, '' as key, '' as why, 0 as value
from fresh semi join refunds using (license, psd, piece_count)
where genuine
-- @findings
select license, psd, key, 'high' as severity,
  format('PSD {}: {} scanned {} under license {} with a mark that was refunded as unused.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license) as detail
from members group by license, psd, key
