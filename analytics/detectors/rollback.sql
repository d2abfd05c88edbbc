-- Proves: the registers of one register set ran backwards, which a PSD never lets them do: its time comes in signed
--   messages and only goes forward, each piece raises the piece count by one and the ascending register by its postage,
--   each move to a disk raises the epoch. Four contradictions, the first taking its marks out of the second and third:
--   order: a mark dated later has the same or a lower piece count, or a lower epoch, than one dated earlier;
--   sum: a mark dated later has a lower ascending register than one dated earlier;
--   step: the ascending registers of two consecutive piece counts do not differ by the postage of the second;
--   gone: a mark goes on from a register set that was withdrawn: beyond its final piece count, or dated after it.
--   Both sides are named: the later marks and those that they run back over. Of two marks that contradict each other by
--   sum or step, one that exact steps join to a mark without contradictions is not named if the other has none.
-- Cannot: tell an old state that was put back from a clone that printed beside the original, nor which side is honest;
--   where one mark carries a wrong date, every mark that it contradicts is named. Marks that go on after the highest
--   piece count of the other branch are not named: beside a clone they are the honest owner's.
-- Parameters: none. Dates are compared strictly, since a PSD's time moves in ticks and several marks share one; copies
--   and re-scans have one date and one content and contradict nothing; gaps are pieces that no camera saw.
-- @suspects
-- Sets whose piece counts do not rise together with dates, epochs and registers; more than are named in the end.
select license, psd from irregular_sets
union
select license, psd from touched_sets join withdrawals using (license, psd)
where last_piece_count > piece_count or epoch_ms(last_ms) > withdrawn_at
-- @members of suspects
with marks as (
  select license, psd, content_digest, min(epoch) as epoch, min(piece_count) as piece_count,
    min(ascending_mills) as ascending_mills, min(postage_mills) as postage_mills, min(printed_at_ms) as printed_at_ms
  from suspects group by license, psd, content_digest
),
dated as (
  select *,
    coalesce(
      piece_count <= max(piece_count) over earlier or piece_count >= min(piece_count) over later
        or epoch < max(epoch) over earlier or epoch > min(epoch) over later,
      false) as is_out_of_order
  from marks
  window
    earlier as (partition by license, psd order by printed_at_ms range between unbounded preceding and current row exclude group),
    later as (partition by license, psd order by printed_at_ms range between current row and unbounded following exclude group)
),
-- A piece count with two contents is a fork, and has its own finding.
counted as (
  select license, psd, piece_count, min(content_digest) as content_digest, min(printed_at_ms) as printed_at_ms,
    min(ascending_mills) as ascending_mills, min(postage_mills) as postage_mills
  from dated group by license, psd, piece_count having count(*) = 1 and not bool_or(is_out_of_order)
),
summed as (
  select *,
    coalesce(
      ascending_mills < max(ascending_mills) over earlier or ascending_mills > min(ascending_mills) over later,
      false) as is_wrong_sum,
    if(piece_count - lag(piece_count) over steps = 1,
      ascending_mills - lag(ascending_mills) over steps = postage_mills, null) as is_step_from,
    if(lead(piece_count) over steps - piece_count = 1,
      lead(ascending_mills) over steps - ascending_mills = lead(postage_mills) over steps, null) as is_step_to
  from counted
  window
    earlier as (partition by license, psd order by printed_at_ms range between unbounded preceding and current row exclude group),
    later as (partition by license, psd order by printed_at_ms range between current row and unbounded following exclude group),
    steps as (partition by license, psd order by piece_count)
),
doubted as (
  select *, is_wrong_sum or not coalesce(is_step_from, true) or not coalesce(is_step_to, true) as is_doubted from summed
),
-- Borne out by a mark that nothing contradicts, and that exact steps lead to.
joined as (
  select *, count(*) filter (where not coalesce(is_step_from, false)) over steps as run
  from doubted window steps as (partition by license, psd order by piece_count)
),
confirmed as (
  select *, not bool_and(is_doubted) over (partition by license, psd, run) as is_confirmed from joined
),
-- Of two that contradict each other one may be borne out and the other not: then only the other is named.
sided as (
  select *,
    is_wrong_sum and (not is_confirmed or coalesce(
      ascending_mills < max(ascending_mills) filter (where is_confirmed) over earlier
        or ascending_mills > min(ascending_mills) filter (where is_confirmed) over later, false)) as is_named_for_sum,
    (not coalesce(is_step_from, true) and (not is_confirmed or lag(is_confirmed) over steps))
      or (not coalesce(is_step_to, true) and (not is_confirmed or lead(is_confirmed) over steps)) as is_named_for_step
  from confirmed
  window
    earlier as (partition by license, psd order by printed_at_ms range between unbounded preceding and current row exclude group),
    later as (partition by license, psd order by printed_at_ms range between current row and unbounded following exclude group),
    steps as (partition by license, psd order by piece_count)
),
contradictions as (
  select license, psd, content_digest, 'order' as why from dated where is_out_of_order
  union all
  select license, psd, content_digest, 'sum' from sided where is_named_for_sum
  union all
  select license, psd, content_digest, 'step' from sided where is_named_for_step
  union all
  select license, psd, content_digest, 'gone'
  from marks join withdrawals using (license, psd)
  where marks.piece_count > withdrawals.piece_count or epoch_ms(marks.printed_at_ms) > withdrawn_at
),
named as (
  select license, psd, content_digest, string_agg(distinct why, ',' order by why) as why
  from contradictions group by license, psd, content_digest
)
select row_id, '' as key, why, 0 as value
from suspects join named using (license, psd, content_digest)
-- @findings
select license, psd, key, 'critical' as severity,
  concat_ws(' ', format('PSD {}: the registers of license {} ran backwards over {} scanned pieces.', psd, license, count(*)),
    if(bool_or(contains(why, 'order')), 'Later dates have lower piece counts or epochs.', null),
    if(bool_or(contains(why, 'sum')), 'Later dates have lower ascending registers.', null),
    if(bool_or(contains(why, 'step')), 'Consecutive ascending registers do not differ by the postage.', null),
    if(bool_or(contains(why, 'gone')), 'Some were printed from a register set that had been withdrawn.', null)) as detail
from members group by license, psd, key
