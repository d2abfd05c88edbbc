-- Proves: the registers of one register set ran backwards, which a PSD never lets them do: its time comes in signed
--   messages and only goes forward, each piece raises the piece count by one and the ascending register by its postage,
--   each move to a disk raises the epoch. Four contradictions, the first taking its marks out of the second and third:
--   order: a mark dated later has the same or a lower piece count, or a lower epoch, than one dated earlier;
--   sum: a mark dated later has a lower ascending register than one dated earlier;
--   step: the ascending registers of two consecutive piece counts do not differ by the postage of the second;
--   gone: a mark goes on from a register set that was withdrawn: beyond its final piece count, or dated after it.
--   By order and gone, the later marks are named and those that they run back over. By sum and step, the mark that
--   contradicts more others than they do; where two contradict each other alone, the earlier one, and the later one only
--   if the set does not go on after it: beside a clone, what goes on is the honest owner's.
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
-- A piece count with two contents is a fork, and has its own finding.
with counted as (
  select license, psd, piece_count, min(content_digest) as content_digest, min(printed_at_ms) as printed_at_ms,
    min(ascending_mills) as ascending_mills, min(postage_mills) as postage_mills
  from dated_marks group by license, psd, piece_count having count(*) = 1 and not bool_or(is_out_of_order)
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
-- Which two marks contradict each other by their sums.
sums as (
  select earlier.license, earlier.psd, earlier.piece_count as x, later.piece_count as y
  from summed as earlier join summed as later using (license, psd)
  where earlier.is_wrong_sum and later.is_wrong_sum
    and earlier.printed_at_ms < later.printed_at_ms and earlier.ascending_mills > later.ascending_mills
),
weighed as (
  select *, count(*) over (partition by license, psd, x) as x_contradicts,
    count(*) over (partition by license, psd, y) as y_contradicts
  from sums
),
ends as (
  select license, psd, max(piece_count) filter (where not is_wrong_sum and coalesce(is_step_from, true)) as goes_on_to
  from summed group by license, psd
),
by_sum as (
  select license, psd, x as piece_count from weighed where x_contradicts >= y_contradicts
  union
  select license, psd, y from weighed join ends using (license, psd)
  where y_contradicts > x_contradicts or (y_contradicts = x_contradicts and coalesce(goes_on_to, 0) <= y)
),
stepped as (
  select *,
    coalesce(not is_step_from, false) as breaks_before, coalesce(not is_step_to, false) as breaks_after,
    coalesce(not lag(is_step_from) over steps, false) as breaks_before_last,
    coalesce(not lead(is_step_to) over steps, false) as breaks_after_next
  from summed window steps as (partition by license, psd order by piece_count)
),
by_step as (
  select license, psd, piece_count from stepped join ends using (license, psd)
  where (breaks_before and breaks_after)
    or (breaks_after and not breaks_after_next)
    or (breaks_before and not breaks_before_last and coalesce(goes_on_to, 0) <= piece_count)
),
contradictions as (
  select license, psd, content_digest, 'order' as why from dated_marks where is_out_of_order
  union all
  select license, psd, content_digest, 'sum' from counted semi join by_sum using (license, psd, piece_count)
  union all
  select license, psd, content_digest, 'step' from counted semi join by_step using (license, psd, piece_count)
  union all
  select license, psd, content_digest, 'gone'
  from dated_marks join withdrawals using (license, psd)
  where dated_marks.piece_count > withdrawals.piece_count or epoch_ms(dated_marks.printed_at_ms) > withdrawn_at
),
named as (
  select license, psd, content_digest, string_agg(distinct why, ',' order by why) as why
  from contradictions group by license, psd, content_digest
)
select row_id, '' as key, why, 0 as value
from suspects join named using (license, psd, content_digest)
-- @findings
select license, psd, key, 'critical' as severity,
  concat_ws(' ', format('PSD {}: the registers of license {} ran backwards over {} scanned {}.', psd, license, count(*),
      if(count(*) = 1, 'piece', 'pieces')),
    if(bool_or(contains(why, 'order')), 'Later dates have lower piece counts or epochs.', null),
    if(bool_or(contains(why, 'sum')), 'Later dates have lower ascending registers.', null),
    if(bool_or(contains(why, 'step')), 'Consecutive ascending registers do not differ by the postage.', null),
    if(bool_or(contains(why, 'gone')), 'Some were printed from a register set that had been withdrawn.', null)) as detail
from members group by license, psd, key
