/**
 * `prepaid_sets`: the register sets of touched licenses that pay in advance, with what each was paid, spent and shows.
 *
 * The license decides, and never the mark, which a thief may have made to look postpaid. A license pays in advance where
 * one of its PSDs shows a descending register; where money was paid before its PSD was granted; or where a mark was printed
 * while the register had not yet reached what was paid by then. A bill never is: it is of postage that is already in the
 * ascending register, so that every later mark is beyond it. A payment at the date of a mark is taken for later than it,
 * since a PSD's time comes in ticks.
 *
 * Marks are asked by their pages: the first mark of a page is dated `first_ms` at the earliest, and none of it has a
 * greater register than `last_ascending_mills`.
 */
export const PREPAID_SETS = `create or replace temp table prepaid_sets as
with paid as (
  select license, psd, sum(amount_mills) as paid_mills from funds semi join touched_licenses using (license) group by license, psd
),
shown as (
  select distinct license from register_set semi join touched_licenses using (license) where control_mills is not null
),
-- Where a device shows its descending register, or no mark leaves one out, there is nothing to derive.
doubtful as (
  select distinct license from register_set semi join touched_licenses using (license) where spent_mills is not null
  except from shown
),
granted as (
  select license, psd, epoch_ms(min(granted_at_ms)) as granted_at from grants semi join doubtful using (license) group by license, psd
),
payments as (
  select license, psd, paid_at, max(running_mills) as paid_mills
  from (
    select license, psd, paid_at, sum(amount_mills) over (partition by license, psd order by paid_at) as running_mills
    from funds semi join doubtful using (license)
  ) group by license, psd, paid_at
),
pages as (
  select license, psd, epoch_ms(first_ms) as at, first_ascending_mills - first_postage_mills as below_mills
  from counter_page semi join doubtful using (license)
  union all
  select license, psd, epoch_ms(last_ms), last_ascending_mills from counter_page semi join doubtful using (license)
),
prepaid as (
  from shown
  union
  select license from payments join granted using (license, psd) where paid_at <= granted_at
  union
  select pages.license from pages asof join payments
    on pages.license = payments.license and pages.psd = payments.psd and pages.at > payments.paid_at
  where below_mills < payments.paid_mills
),
spent as (
  select license, psd, max(last_ascending_mills) as spent_mills
  from counter_page semi join touched_licenses using (license) semi join prepaid using (license) group by license, psd
)
select license, psd, coalesce(paid_mills, 0) as paid_mills, spent.spent_mills,
  greatest(control_mills, spent.spent_mills) as control_mills, register_set.spent_mills is not null as omits_descending
from register_set join spent using (license, psd) left join paid using (license, psd)`;
