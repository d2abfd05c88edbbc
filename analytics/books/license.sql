-- The book of each license over all its PSDs: the sums of the books of its register sets, with its holder and town.
-- Cannot: show money that is missing on one PSD and too much on another, since the sums make up for each other; the
--   books of the sets do. The remaining money is that of the prepaid sets; null where there is none.
select license, any_value(holder) as holder, any_value(town) as town, any_value(deposit_postcode) as deposit_postcode,
  count(*) as psds,
  sum(paid_mills) as paid_mills,
  sum(printed_pieces) as printed_pieces,
  sum(printed_mills) as printed_mills,
  sum(doubled_mills) as doubled_mills,
  sum(unseen_pieces) as unseen_pieces,
  sum(unseen_mills) as unseen_mills,
  sum(remaining_mills) as remaining_mills,
  sum(refunded_mills) as refunded_mills,
  sum(returned_mills) as returned_mills,
  sum(difference_mills) as difference_mills
from sets left join licenses using (license)
group by license
