-- Proves: postage was printed that the ascending register never counted. Over any gap it rises by the postage of the later
--   mark and of all that were seen between, at least, since a PSD debits a piece before it marks it; here it stood still or
--   rose by less. Two marks that follow each other by piece count, of those seen, show it: where each of them rises enough,
--   so do any two of the set. Of several short steps in a row, and where nothing goes on from it, the later mark of a step
--   is named; so it is where the next step makes up for what it lacks. Where a single step is short and the set goes on
--   from it, the earlier one shows more than the rest and is named: beside a clone, what goes on is the honest owner's.
-- Cannot: tell a PSD that does not debit from a thief of its key, nor see what pieces between cost that no camera saw: a
--   count that jumps while the register rises by the later mark alone may have skipped pieces without postage, and only
--   its pace is judged (faster-than-printer). The descending register proves nothing more: with the ascending one it makes
--   the control total, which a refill may raise at any time (beyond what was paid it is overspend), and which falls only to
--   the loss of its owner.
-- Parameters: none. Copies and re-scans of a piece count are one mark. Forks, marks out of the order of their dates, and
--   registers that are lower at a later date have findings of their own (fork, rollback). A finding of its own, and no part
--   of rollback, since no old state was put back: the device, not its history, is to be taken in.
-- @suspects
select license, psd from irregular_sets
-- @members of suspects
with counted as (
  select license, psd, piece_count, min(content_digest) as content_digest, min(first_row) as first_row,
    min(printed_at_ms) as printed_at_ms, min(ascending_mills) as ascending_mills, min(postage_mills) as postage_mills
  from dated_marks group by license, psd, piece_count having count(*) = 1 and not bool_or(is_out_of_order)
),
stepped as (
  select *, postage_mills - (ascending_mills - lag(ascending_mills) over steps) as missing_mills,
    ascending_mills >= lag(ascending_mills) over steps or printed_at_ms = lag(printed_at_ms) over steps as is_comparable
  from counted window steps as (partition by license, psd order by piece_count)
),
shortened as (
  select *, coalesce(is_comparable and missing_mills > 0, false) as is_short from stepped
),
neighbored as (
  select *, coalesce(lag(is_short) over steps, false) as is_last_short, lead(is_short) over steps as is_next_short,
    coalesce(lead(is_short, 2) over steps, true) as is_next_but_one_short, lead(missing_mills) over steps as next_missing_mills,
    lead(missing_mills, 2) over steps as next_but_one_missing_mills
  from shortened window steps as (partition by license, psd order by piece_count)
),
named as (
  select license, psd, content_digest, first_row,
    if(is_short, missing_mills, 0) + if(is_shown_by_next, next_missing_mills, 0) as missing_mills
  from (
    select *, is_short and (is_last_short or coalesce(is_next_short, true) or missing_mills + next_missing_mills <= 0) as is_named,
      not is_short and coalesce(is_next_short, false) and not is_next_but_one_short
        and next_missing_mills + next_but_one_missing_mills > 0 as is_shown_by_next
    from neighbored
  ) where is_named or is_shown_by_next
)
select row_id, '' as key, '' as why, if(row_id = first_row, missing_mills, 0) as value
from suspects join named using (license, psd, content_digest)
-- @findings
select license, psd, key, 'critical' as severity,
  format('PSD {}: the ascending register of license {} stood still or rose too little over {} scanned {}; {} mills of postage are not in it.',
    psd, license, count(*), if(count(*) = 1, 'piece', 'pieces'), sum(value)::bigint) as detail
from members group by license, psd, key
