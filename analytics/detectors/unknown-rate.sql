-- Proves: a mark names a rate category that no rate table has, or pays less than anything costs: its category has no rate at
--   its date, and its postage is below every rate in force then. Either way no product was sold for it.
-- Cannot: tell a category that this registry does not have yet, or a price that is not published, from one that was made
--   up: severity is low where only the category is unknown. What a known category costs is short-postage.
-- Parameters: none. Silent where no rate at all was in force at the date of the mark.
-- @members of fresh
with dated as (
  select rate_category, min(printed_at_ms) as first_ms, max(printed_at_ms) as last_ms from fresh where genuine
  group by rate_category
),
-- What one rate prices for the whole time needs no look at each piece.
doubtful as (
  select rate_category from dated
  where not exists (
    from rates
    where rates.rate_category = dated.rate_category and rates.valid_from_ms <= first_ms and rates.valid_to_ms > last_ms
  )
),
priced as (
  select row_id, any_value(fresh.postage_mills) as postage_mills, min(rates.postage_mills) as lowest_mills,
    bool_or(rates.rate_category = fresh.rate_category) as is_in_force,
    any_value(fresh.rate_category) not in (select rate_category from rates) as is_unknown
  from fresh semi join doubtful using (rate_category)
  join rates on rates.valid_from_ms <= fresh.printed_at_ms and rates.valid_to_ms > fresh.printed_at_ms
  where genuine
  group by row_id
)
select row_id, '' as key, if(postage_mills < lowest_mills, 'price', 'category') as why, 0 as value
from priced where not is_in_force and (is_unknown or postage_mills < lowest_mills)
-- @findings
select license, psd, key, if(bool_or(why = 'price'), 'medium', 'low') as severity,
  format('PSD {}: {} scanned {} under license {} with a rate category that has no rate; paying less than every rate in force: {}.',
    psd, count(*), if(count(*) = 1, 'piece', 'pieces'), license, count(*) filter (where why = 'price')) as detail
from members group by license, psd, key
