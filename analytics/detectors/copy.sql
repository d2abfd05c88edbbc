-- Proves: one indicium was put on two mailpieces: same register set, same piece count, same signed contents, and
--   either two different mailpiece ids, or (where an id is missing) two plants where it entered the mail.
-- Cannot: tell the original from the copy; each is as suspect as the other.
-- Parameters: none.
-- @members of repeats
with copied as (
  select license, psd, piece_count, content_digest
  from repeats
  group by license, psd, piece_count, content_digest
  having count(distinct mailpiece_id) > 1
    or (count(distinct plant) filter (where pass = 'origin') > 1
      and count(*) filter (where pass = 'origin' and plant is not null and mailpiece_id is null) > 0)
)
select row_id, format('{}/{}', piece_count, content_digest) as key, '' as why, 0 as value
from repeats semi join copied using (license, psd, piece_count, content_digest)
-- @findings
select license, psd, key, 'high' as severity,
  format('Piece {} of license {} on PSD {} was seen on {} mailpieces, at {} {}.', split_part(key, '/', 1), license, psd,
    greatest(count(distinct mailpiece_id), 2), count(distinct plant),
    if(count(distinct plant) = 1, 'plant', 'plants')) as detail
from members group by license, psd, key
