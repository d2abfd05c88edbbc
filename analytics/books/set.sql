-- The book of each register set (license and PSD), to the mill: what was paid into it and what became of the money.
--   paid: refills (postpaid: bills). printed: postage of all distinct genuine marks. doubled: the part of it that was
--   printed on counters used before. unseen: counters without a mark, and their money in the ascending register.
--   remaining: descending register of the newest mark; 0 after a withdrawal, which paid it back; null when postpaid or
--   never seen. refunded: marks handed back as unused; they stay debited, and mostly unseen. returned: at withdrawal.
--   difference: what the device accounts for (control total; postpaid: ascending register), and the postage that its
--   ascending register never counted, beyond what was paid less what was returned. It is the greatest of what the newest
--   state shows, what any prepaid mark ever showed, and what was never counted, which no credit left makes up for.
-- Shows: printed - doubled + unseen + remaining + returned = paid + difference, as long as the registers never ran
--   backwards. Positive difference: money that nobody paid. Negative: paid, and not yet shown by any mark.
-- Cannot: tell a refill whose record this registry does not have yet, nor a bill that was not yet written, from fraud.
with paid as (
  select license, psd, sum(amount_mills) as mills from funds group by license, psd
),
refunded as (
  select license, psd, sum(amount_mills) as mills from refunds group by license, psd
),
withdrawn as (
  select license, psd, max(piece_count) as piece_count, max(ascending_mills) as ascending_mills, sum(returned_mills) as mills
  from withdrawals group by license, psd
),
printed as (
  select license, psd, count(*) as pieces, sum(postage_mills) as mills,
    coalesce(sum(postage_mills) filter (where is_reuse), 0) as doubled_mills,
    max(ascending_mills + descending_mills) as control_mills
  from marks group by license, psd
),
unseen as (
  select license, psd, sum(pieces) as pieces, sum(amount_mills) as mills from gaps group by license, psd
),
uncounted as (
  select license, psd, sum(missing_mills) as mills from short_steps group by license, psd
),
accounts as (
  from (select license, psd from funds union select license, psd from marks
    union select license, psd from refunds union select license, psd from withdrawals)
),
balances as (
  select license, psd,
    coalesce(paid.mills, 0) as paid_mills,
    coalesce(withdrawn.mills, 0) as returned_mills,
    newest.license is not null and newest.descending_mills is null as is_postpaid,
    coalesce(withdrawn.piece_count >= coalesce(newest.piece_count, 0), false) as is_withdrawn,
    case when is_withdrawn then withdrawn.ascending_mills else newest.ascending_mills end as spent_mills,
    case when is_postpaid then null when is_withdrawn then 0 else newest.descending_mills end as remaining_mills
  from accounts
  left join paid using (license, psd)
  left join withdrawn using (license, psd)
  left join newest using (license, psd)
)
select license, psd, is_postpaid, is_withdrawn, paid_mills,
  coalesce(printed.pieces, 0) as printed_pieces,
  coalesce(printed.mills, 0) as printed_mills,
  coalesce(printed.doubled_mills, 0) as doubled_mills,
  coalesce(unseen.pieces, 0) as unseen_pieces,
  coalesce(unseen.mills, 0) as unseen_mills,
  remaining_mills,
  coalesce(refunded.mills, 0) as refunded_mills,
  returned_mills,
  greatest(
    coalesce(spent_mills, 0) + coalesce(uncounted.mills, 0) + coalesce(remaining_mills, 0) - (paid_mills - returned_mills),
    printed.control_mills - paid_mills,
    uncounted.mills) as difference_mills
from balances
left join printed using (license, psd)
left join unseen using (license, psd)
left join uncounted using (license, psd)
left join refunded using (license, psd)
