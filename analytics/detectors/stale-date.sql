-- Proves: genuine marks are dated long before they were scanned: kept back, or printed with an old date to use old rates.
-- Cannot: tell a letter that lay in a drawer from fraud; hence only medium.
-- Parameters: none; the verifier calls a date an anomaly when it lies 30 days before the scan or 36 hours after it
--   (verify/limits.ts). Scans that come late are not stale marks: a date that is far from the receipt alone goes to a
--   person.
-- @rests on plant-clock
true
-- @members of fresh
select row_id, '' as key, '' as why, date_diff('day', printed_at, scanned_at) as value
from fresh where outcome = 'date-anomaly' and printed_at < scanned_at - interval 30 days
-- @findings
select license, psd, key, 'medium' as severity,
  format('PSD {}: {} scanned {} under license {}, dated up to {} {} before the scan.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license, max(value), if(max(value) = 1, 'day', 'days')) as detail
from members group by license, psd, key
