-- The mark that shows how far each register set has come: that of the greatest piece count. Where two share it, the one
--   with more money in it, which is the one to explain.
select *
from marks semi join (select license, psd, max(piece_count) as piece_count from marks group by license, psd)
  using (license, psd, piece_count)
qualify row_number() over (
  partition by license, psd order by ascending_mills + coalesce(descending_mills, 0) desc, content_digest
) = 1
