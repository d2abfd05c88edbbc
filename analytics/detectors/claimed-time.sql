-- Proves: a plant sent scans whose times are more than ten minutes after their receipt, which is impossible: its clock is wrong, or
--   the holder of its token invents times. Or scans arrived more than three days after the time that they claim.
-- Cannot: tell a wrong clock from a lie, nor find either in scans whose receipt is unknown, such as those of a file. Late scans are
--   honest after a network failure; they are reported because a late scan of a key that has been revoked since is reviewed.
-- Parameters: scansMin = 1 (scans): of a plant and a day, ahead of their receipt or late.
-- Verdicts go by the worse of both times (`date-anomaly`, `valid-but-revoked-key`).
-- @findings of plants
with days as (
  select plant, strftime(make_timestamp(hour // 24 * 86400000000), '%Y-%m-%d') as day, sum(ahead) as ahead, max(ahead_seconds) as ahead_seconds, sum(late) as late,
    max(late_seconds) as late_seconds, sum(scans) as scans
  from scan_hour semi join plants_to_judge using (plant)
  group by plant, day
)
select plant, day as key, if(ahead > 0, 'medium', 'low') as severity,
  format('Plant {} claims to have made {} {} on {}. Received before the claimed time: {}, by up to {:.1f} hours; more than three days after it: {}, by up to {:.1f} days.',
    plant, scans, if(scans = 1, 'scan', 'scans'), day, ahead, if(ahead > 0, ahead_seconds, 0) / 3600, late,
    if(late > 0, late_seconds, 0) / 86400) as detail
from days where greatest(ahead, late) >= getvariable('scansMin')
