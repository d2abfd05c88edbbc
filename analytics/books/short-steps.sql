-- Postage that the ascending register never counted: the marks behind which it stands lower than it must, after the mark
--   before by piece count and the postage of this one, and by how much. An honest set has none: a PSD debits before it
--   marks. Sets of which a counter was used twice are left out: their marks are of two branches, and doubled tells of them.
-- Cannot: tell a PSD that does not debit from registers that ran backwards or a clone that printed dearer mail; the
--   findings do (standing-register, rollback, fork).
select license, psd, piece_count, content_digest, missing_mills
from (
  select license, psd, piece_count, content_digest,
    lag(ascending_mills) over (partition by license, psd order by piece_count) - (ascending_mills - postage_mills) as missing_mills
  from marks anti join (from marks where is_reuse) as reused using (license, psd)
)
where missing_mills > 0
