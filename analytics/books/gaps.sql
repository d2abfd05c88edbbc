-- Piece counts that no genuine mark shows, as ranges, and the money that the ascending register went up by across each.
--   They end at the greatest piece count seen, or at the final one where the set was withdrawn. Such pieces were not
--   scanned, not readable, spoiled in the printer, or handed back as unused.
-- Cannot: tell these from each other, nor see pieces after the last mark. With a clone a gap may lie between marks of
--   two branches; its money is then the distance of their registers, and never below 0.
with entries as (
  select license, psd, piece_count::hugeint as piece_count, ascending_mills - postage_mills as before_mills,
    ascending_mills as after_mills
  from marks where not is_reuse
  union all
  select license, psd, withdrawals.piece_count::hugeint + 1, ascending_mills, ascending_mills
  from withdrawals left join (select license, psd, max(piece_count) as piece_count from marks group by license, psd) as seen
    using (license, psd)
  where withdrawals.piece_count > coalesce(seen.piece_count, 0)
),
steps as (
  select license, psd, coalesce(lag(piece_count) over steps, 0) + 1 as first_piece_count,
    piece_count - 1 as last_piece_count,
    greatest(before_mills - coalesce(lag(after_mills) over steps, 0), 0) as amount_mills
  from entries window steps as (partition by license, psd order by piece_count)
)
select license, psd, first_piece_count, last_piece_count, last_piece_count - first_piece_count + 1 as pieces, amount_mills
from steps where last_piece_count >= first_piece_count
