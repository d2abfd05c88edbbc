-- Proves: genuine marks are dated days after they were scanned: the PSD's time is wrong, or was made wrong.
-- Cannot: tell a fault from intent, nor the PSD's clock from that of the sorter.
-- Parameters: none; the verifier calls a date an anomaly when it lies 30 days before the scan or 36 hours after it
--   (verify/limits.ts). By the time of the scan alone, and not by that of its receipt.
-- @rests on plant-clock
true
-- @members of fresh
select row_id, '' as key, '' as why, date_diff('day', scanned_at, printed_at) as value
from fresh where outcome = 'date-anomaly' and printed_at > scanned_at + interval 36 hours
-- @findings
select license, psd, key, 'medium' as severity,
  format('PSD {}: {} scanned {} under license {}, dated up to {} {} after the scan.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license, max(value), if(max(value) = 1, 'day', 'days')) as detail
from members group by license, psd, key
