-- Proves: a mark pays less than its rate category cost at the date of the mark, or the piece weighs more than the
--   category allows.
-- Cannot: tell a rate table that the user failed to update from intent; nor, where two pieces stuck together on the
--   scale, the heavy one from the pair: a single overweight scan means little.
-- Parameters: toleranceGrams = 2 (grams): in-line scales of sorters weigh moving mail to about a gram either way, and the
--   record holds whole grams.
-- A category that is in no rate table at that date is told by unknown-rate, and not here. Where a category has
-- several weight steps in force, paying for one that covers the piece is enough.
-- Marks that were or may have been copied are left out (copy, cloned-id, doubtful-path): the mailer of copies is not the
-- customer.
-- @rests on plant-scale
why = 'weight'
-- @members of fresh
with paid as (
  select rate_category, postage_mills, weight_grams, min(printed_at_ms) as first_ms, max(printed_at_ms) as last_ms
  from fresh where genuine group by rate_category, postage_mills, weight_grams
),
-- What one rate covers for the whole time needs no look at each piece.
doubtful as (
  select rate_category, postage_mills, weight_grams from paid
  where not exists (
    from rates
    where rates.rate_category = paid.rate_category and rates.postage_mills <= paid.postage_mills
      and coalesce(paid.weight_grams <= rates.weight_grams_max::bigint + getvariable('toleranceGrams'), true)
      and rates.valid_from_ms <= first_ms and rates.valid_to_ms > last_ms
  )
),
priced as (
  select row_id, min(rates.postage_mills) as lowest_mills, any_value(fresh.postage_mills) as paid_mills,
    bool_or(fresh.postage_mills >= rates.postage_mills and coalesce(
      fresh.weight_grams <= rates.weight_grams_max::bigint + getvariable('toleranceGrams'), true)) as is_covered
  from fresh
  join doubtful
    on doubtful.rate_category = fresh.rate_category and doubtful.postage_mills = fresh.postage_mills
    and doubtful.weight_grams is not distinct from fresh.weight_grams
  join rates
    on rates.rate_category = fresh.rate_category
    and rates.valid_from_ms <= fresh.printed_at_ms and rates.valid_to_ms > fresh.printed_at_ms
  where genuine
  group by row_id
)
select row_id, '' as key, if(paid_mills < lowest_mills, 'price', 'weight') as why, 0 as value
from priced where not is_covered
-- @exonerated
from copied_scans
-- @findings
select license, psd, key, 'medium' as severity,
  format('PSD {}: scanned pieces under license {} that pay less than their rate category costs: {}; that weigh more than they pay for: {}.',
    psd, license, count(*) filter (where why = 'price'), count(*) filter (where why = 'weight')) as detail
from members group by license, psd, key
