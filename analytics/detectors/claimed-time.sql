-- Proves: a plant sent scans that it says to have made more than ten minutes after they were received, which no scan is: its
--   clock is wrong, or whoever holds its token makes times up. Or scans came more than three days after they were made.
-- Cannot: tell a wrong clock from a lie, nor see either in scans whose receipt nobody knows, such as those of a file. Late scans
--   are honest after a cut line; they are told since what a late scan says of a key that was revoked meanwhile is reviewed.
-- Parameters: scansMin = 1 (scans): of a plant and a day, ahead of their receipt or late.
-- Verdicts go by the worse of both times (`date-anomaly`, `valid-but-revoked-key`).
-- @findings of plants
with days as (
  select plant, hour // 24 as day, sum(ahead) as ahead, max(ahead_seconds) as ahead_seconds, sum(late) as late,
    max(late_seconds) as late_seconds, sum(scans) as scans
  from scan_hour semi join plants_to_judge using (plant)
  group by plant, hour // 24
)
select plant, strftime(make_timestamp(day * 86400000000), '%Y-%m-%d') as key, if(ahead > 0, 'medium', 'low') as severity,
  format('Of {} scans that plant {} says to have made on {}, {} were received before, by {:.1f} hours at most, and {} more than three days after, by {:.1f} days at most.',
    scans, plant, strftime(make_timestamp(day * 86400000000), '%Y-%m-%d'), ahead, if(ahead > 0, ahead_seconds, 0) / 3600, late,
    if(late > 0, late_seconds, 0) / 86400) as detail
from days where greatest(ahead, late) >= getvariable('scansMin')
