-- Proves: the clock of a plant is wrong on a day, by its word as a whole: the median over the licenses whose marks it saw
--   that day, each with the mean of its marks. Compared are the time from the date in a mark to its scan with what it is
--   at other plants in the same pass, three days before and after; and, for mail that other plants saw too, who saw it first, by
--   more than half of at least two of them. Where other plants bear witness both must agree. Where none does, the clock is slow if
--   most licenses' marks are dated after their scans, or fast if they are older than any backlog.
--   A day with fewer licenses or scans than that goes by the nearest day of its plant that has enough, within 120 days.
-- Cannot: tell a clock that is wrong by less than hoursMin, or for a few scans of a day; nor, with no other plant to
--   compare, mail that a plant kept back for months from a clock that is fast by them. Days are those of the clock that is
--   doubted.
-- Parameters: hoursMin = 18 (hours): letters are franked for the next day, and sorted some hours later at one plant
--   than at another; aloneHoursMin = 720 (hours): without witnesses, no backlog is as old;
--   licensesMin = 5 (licenses): a holder of fewer cannot make a plant look slow; scansMin = 20 (scans): of a day.
-- While it stands, what the clock says of these days accuses nobody: no scan is named for stale-date, future-date or
-- two-places by it, and no path proves a copy (copy, cloned-id, doubtful-path).
-- @doubts by plant_delay
with delays as (
  select plant, day, pass, license, scans, delay_seconds / (scans * 3600) as hours
  from plant_delay semi join near_days using (day)
),
typical as (
  select plant, day, pass, median(hours) as hours from delays
  group by plant, day, pass having count(*) >= getvariable('licensesMin')
),
around as (
  select typical.plant, touched_days.day, pass, median(hours) as hours
  from touched_days join typical on abs(typical.day - touched_days.day) <= 3
  group by typical.plant, touched_days.day, pass
),
usual as (
  select one.plant, one.day, other.pass, median(other.hours) as hours
  from (select distinct plant, day from delays) as one join around as other
    on other.day = one.day and other.plant <> one.plant
  group by one.plant, one.day, other.pass
),
dated as (
  select plant, day, median(delays.hours) as raw_hours, median(delays.hours - coalesce(usual.hours, 0)) as hours
  from delays semi join touched_days using (day) left join usual using (plant, day, pass)
  group by plant, day
  having count(distinct license) >= getvariable('licensesMin') and sum(scans) >= getvariable('scansMin')
),
gaps as (
  select pairs.plant, pairs.day, other, license,
    gap_seconds / (marks * 3600) - if(pairs.pass = other_pass, 0, here.hours - there.hours) as hours
  from (from plant_pair semi join touched_days using (day) where marks > 0) as pairs
  left join usual as here on here.plant = pairs.plant and here.day = pairs.day and here.pass = pairs.pass
  left join usual as there on there.plant = pairs.plant and there.day = pairs.day and there.pass = other_pass
),
witnesses as (
  select plant, day, other, median(hours) as hours from gaps where hours is not null
  group by plant, day, other having count(distinct license) >= getvariable('licensesMin')
),
witnessed as (
  select plant, day, agreed_median(hours) as hours from witnesses group by plant, day
  having count(*) >= 2
)
select plant, day, round(coalesce(witnessed.hours, dated.hours))::bigint as estimate
from dated left join witnessed using (plant, day)
where if(witnessed.hours is not null,
  abs(witnessed.hours) >= getvariable('hoursMin') and witnessed.hours * dated.hours > 0
    and abs(dated.hours) >= getvariable('hoursMin') / 2,
  (raw_hours <= -getvariable('hoursMin') and dated.hours <= -getvariable('hoursMin'))
    or (raw_hours >= getvariable('aloneHoursMin') and dated.hours >= getvariable('aloneHoursMin')))
-- @findings of plants
-- The day with the most scans tells best by how much.
with by_month as (
  select plant, strftime(date, '%Y-%m') as month,
    if(estimate < 0, 'slow', 'fast') as way, arg_max(abs(estimate), (scans, day)) as hours, count(*) as days,
    strftime(min(date), '%Y-%m-%d') as first_day
  from doubted_days where kind = 'plant-clock' group by all
)
select plant, month || ' ' || way as key, 'medium' as severity,
  format('Plant {} seems {} {}: by most of the licenses that it saw on {} of the days that it called {}, the first {}. What it says of times on these days accuses nobody.',
    plant, if(hours > 96, format('{} days', round(hours / 24)::bigint), format('{} h', hours)), way, days, month, first_day)
    as detail
from by_month
