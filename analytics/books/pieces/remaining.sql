-- The mark whose descending register it is; none where a withdrawal has paid the balance back.
select *, descending_mills as amount_mills
from newest anti join withdrawals
  on withdrawals.license = newest.license and withdrawals.psd = newest.psd
    and withdrawals.piece_count >= newest.piece_count
where descending_mills is not null
