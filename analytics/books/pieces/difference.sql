-- The marks that show more money in a device than was paid, and how much each shows; the amounts do not add up, since
--   the money that one mark shows is in the next one too. Nothing is listed where money is only missing.
select * from (
  select marks.*, greatest(
      ascending_mills + descending_mills - paid_mills,
      if(marks.content_digest = newest.content_digest, difference_mills, null)
    ) as amount_mills
  from marks join sets using (license, psd)
  left join (select license, psd, piece_count, content_digest from newest) as newest using (license, psd, piece_count)
) where amount_mills > 0
