-- Every refund, with the mark of its piece count where that was mailed nevertheless, and the scans of all marks of it.
select refunds.license, refunds.psd, refunds.piece_count, marks.content_digest, marks.epoch, marks.ascending_mills,
  marks.descending_mills, marks.postage_mills, marks.printed_at_ms, marks.origin_plant, mailed.scan_ids,
  refunds.amount_mills
from refunds
left join marks on marks.license = refunds.license and marks.psd = refunds.psd
  and marks.piece_count = refunds.piece_count and not marks.is_reuse
left join (
  select license, psd, piece_count, flatten(list(scan_ids order by printed_at_ms, content_digest)) as scan_ids
  from marks group by license, psd, piece_count
) as mailed on mailed.license = refunds.license and mailed.psd = refunds.psd and mailed.piece_count = refunds.piece_count
