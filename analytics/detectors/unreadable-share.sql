-- Proves: of the scans of a machine in an hour a share was unread, foreign or malformed that is a multiple of the usual: its
--   camera or its feed fails, or somebody floods it with invalid marks.
-- Cannot: tell which; nor see hours of machines whose scans carry no time or no plant. It is about the machine and never
--   about a license.
-- Parameters: scansMin = 100 (scans): of the machine in the hour, below which a share means little;
--   shareMin = 0.3 (share of the scans): smudged and foreign mail alone stays below;
--   timesUsual = 3 (times): the share of the machine's other hours or of the plant's other machines, the smaller of both.
-- @findings of plants
with hours as (
  select plant, machine, hour, scans, unread, sum(scans) over same as machine_scans, sum(unread) over same as machine_unread,
    sum(scans) over (partition by plant) as plant_scans, sum(unread) over (partition by plant) as plant_unread
  from scan_hour semi join plants_to_judge using (plant)
  window same as (partition by plant, machine)
),
compared as (
  select *, unread / scans as share, coalesce(least(
      (machine_unread - unread) / nullif(machine_scans - scans, 0),
      (plant_unread - machine_unread) / nullif(plant_scans - machine_scans, 0)), 0) as usual_share
  from hours where scans >= getvariable('scansMin')
),
sudden as (
  select *, strftime(make_timestamp(hour * 3600000000), '%Y-%m-%d') as day,
    strftime(make_timestamp(hour * 3600000000), '%H:00') as starts_at
  from compared
  where share >= getvariable('shareMin') and share >= getvariable('timesUsual') * usual_share
)
select plant, concat_ws(' ', nullif(machine, ''), day) as key, if(count(*) > 1, 'medium', 'low') as severity,
  format('{} of plant {}: {} of {} scans in the hour from {} UTC on {} were unread, foreign or malformed, {:.0f} %; usually {:.0f} %. Such hours of that day: {}.',
    if(machine = '', 'A machine', 'Machine ' || machine), plant, arg_max(unread, (share, hour)), arg_max(scans, (share, hour)),
    arg_max(starts_at, (share, hour)), day, 100 * max(share), 100 * arg_max(usual_share, (share, hour)), count(*)) as detail
from sudden group by plant, machine, day
