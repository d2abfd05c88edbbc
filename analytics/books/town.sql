-- The book of each town: the postage that its post office earned by the mail handed in there, against the postage of the
--   licenses that are bound to it ("revenue credit to each town's post office in keeping with the mail deposited
--   therein", WO 99/48053). Mail handed in at a plant that does not sort for its license's town is earned by that plant,
--   in a row of its own: which of its towns took it in, no scan says. difference: earned less what of the licensed is
--   not unplaced; the differences of all rows add up to 0.
-- Cannot: tell towns with one plant from each other, or a collection truck that was sent to another plant from mail that
--   was carried there.
with credits as (
  select town, deposit_postcode, null::varchar as plant, handed_in,
    postage_mills as licensed_mills,
    if(handed_in = 'unplaced', postage_mills, 0) as unplaced_mills,
    if(handed_in = 'home', postage_mills, 0) as earned_mills
  from deposits
  union all
  select null, null, origin_plant, handed_in, 0, 0, postage_mills from deposits where handed_in = 'elsewhere'
)
select min(town) as town, deposit_postcode, plant,
  sum(earned_mills) as earned_mills,
  sum(licensed_mills) as licensed_mills,
  sum(unplaced_mills) as unplaced_mills,
  sum(earned_mills) - (sum(licensed_mills) - sum(unplaced_mills)) as difference_mills
from credits group by deposit_postcode, plant
