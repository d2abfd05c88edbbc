-- The marks that show more money in a device than was paid, and how much each shows: control total against everything
--   paid; and the newest mark, unless a withdrawal came after it, against what was paid less what was returned (postpaid:
--   with its ascending register). And the marks behind which the ascending register did not rise by what was printed, with
--   what it lacks. The amounts do not add up, since the money that one mark shows is in the next one too.
--   Nothing is listed where money is only missing.
select * from (
  select marks.*, greatest(
      ascending_mills + descending_mills - paid_mills,
      if(newest.license is not null and not is_withdrawn,
        ascending_mills + coalesce(descending_mills, 0) - (paid_mills - returned_mills), null),
      missing_mills
    ) as amount_mills
  from marks join sets using (license, psd)
  left join (select license, psd, piece_count, content_digest from newest) as newest
    using (license, psd, piece_count, content_digest)
  left join short_steps using (license, psd, piece_count, content_digest)
) where amount_mills > 0
