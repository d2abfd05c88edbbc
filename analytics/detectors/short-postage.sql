-- Proves: a mark pays less than its rate category cost at the date of the mark, or the piece weighs more than the
--   category allows.
-- Cannot: tell a rate table that the user failed to update from intent; nor, where two pieces stuck together on the
--   scale, the heavy one from the pair: a single overweight scan means little.
-- Thresholds: TOLERANCE_GRAMS = 2: in-line scales of sorters weigh moving mail to about a gram either way, and the record
--   holds whole grams. A category that is in no rate table at that date is not reported: not every price is published.
--   Where a category has several weight steps in force, paying for one that covers the piece is enough.
with constants as (
  select 2 as tolerance_grams
),
priced as (
  select row_id, scan_id, license, psd,
    min(rates.postage_mills) as lowest_mills, any_value(pieces.postage_mills) as paid_mills,
    bool_or(pieces.postage_mills >= rates.postage_mills
      and coalesce(weight_grams <= weight_grams_max + tolerance_grams, true)) as is_covered
  from pieces
  join rates
    on rates.rate_category = pieces.rate_category
    and rates.valid_from_ms <= pieces.printed_at_ms
    and rates.valid_to_ms > pieces.printed_at_ms
  cross join constants
  where genuine
  group by row_id, scan_id, license, psd
)
select
  'short-postage' as kind,
  'medium' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {}: of the scanned pieces under license {}, {} pay less than their rate category costs, and {} weigh more than what they pay for.',
    psd, license, count(*) filter (where paid_mills < lowest_mills), count(*) filter (where paid_mills >= lowest_mills))
    as detail
from priced
where not is_covered
group by license, psd
