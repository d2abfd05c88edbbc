-- Proves: the scale of a plant counts in another unit, or is off by as much, on a day: the median over the licenses whose
--   mail it weighed that day, each with the mean ratio of its marks. Compared are the weights with those of other plants
--   for the same marks, by more than half of at least two of them; or, where others did not weigh them, with what the postage of each mark covers in
--   its rate category: more than half of the licenses are short there, and weigh as much more than at other plants three days before and after.
--   A day with fewer licenses or scans than that goes by the nearest day of its plant that has enough, within 120 days.
-- Cannot: tell a scale that is off by less than timesMin; nor, without other plants, one that weighs too light, which
--   accuses nobody either. Days are those of the plant's clock.
-- Parameters: timesMin = 1.5 (times): heavier or lighter than others; in-line scales agree to a gram or two;
--   licensesMin = 5 (licenses): a holder of fewer cannot make a scale look wrong; scansMin = 20 (scans): of a day.
-- While it stands, what the scale says on these days accuses nobody: no scan is named for short-postage by its weight,
-- and no path proves a copy by it (cloned-id, doubtful-path).
-- @doubts by plant_load
with loads as (
  select plant, day, license, scans, octave_thousandths / scans as octaves
  from plant_load semi join near_days using (day)
),
typical as (
  select plant, day, median(octaves) as octaves from loads group by plant, day
  having count(*) >= getvariable('licensesMin') and sum(scans) >= getvariable('scansMin')
),
around as (
  select typical.plant, touched_days.day, median(octaves) as octaves
  from touched_days join typical on abs(typical.day - touched_days.day) <= 3
  group by typical.plant, touched_days.day
),
usual as (
  select one.plant, one.day, median(other.octaves) as octaves
  from typical as one join around as other on other.day = one.day and other.plant <> one.plant
  group by one.plant, one.day
),
heavy as (
  select plant, day, typical.octaves - coalesce(usual.octaves, 0) as octaves
  from typical semi join touched_days using (day) left join usual using (plant, day)
  where typical.octaves > 0
),
ratios as (
  select plant, day, other, license, sum(octave_thousandths) / sum(weighed) as octaves, sum(weighed) as weighed
  from plant_pair semi join touched_days using (day) where weighed > 0 group by plant, day, other, license
),
witnesses as (
  select plant, day, other, median(octaves) as octaves, sum(weighed) as weighed from ratios group by plant, day, other
  having count(*) >= getvariable('licensesMin')
),
witnessed as (
  select plant, day, agreed_median(octaves) as octaves from witnesses group by plant, day
  having count(*) >= 2 and sum(weighed) >= getvariable('scansMin')
)
select plant, day, round(coalesce(witnessed.octaves, heavy.octaves))::bigint as estimate
from heavy full join witnessed using (plant, day)
where if(witnessed.octaves is not null, abs(witnessed.octaves), heavy.octaves) >= 1000 * log2(getvariable('timesMin'))
-- @findings of plants
-- The day with the most scans tells best by how much.
with by_month as (
  select plant, strftime(date, '%Y-%m') as month,
    if(estimate < 0, 'light', 'heavy') as way, 2 ** (arg_max(abs(estimate), (scans, day)) / 1000) as times, count(*) as days,
    strftime(min(date), '%Y-%m-%d') as first_day
  from doubted_days where kind = 'plant-scale' group by all
)
select plant, month || ' ' || way as key, 'medium' as severity,
  format('Plant {} seems to weigh {:.1f} times too {}: by most of the licenses that it weighed on {} {} of {}, the first {}. What it says of weights on these days accuses nobody.',
    plant, times, way, days, if(days = 1, 'day', 'days'), month, first_day) as detail
from by_month
