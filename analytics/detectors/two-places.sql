-- Proves: a register set, which is one device, was used in two places that no device could travel between in the time: two
--   of its marks entered the mail at two plants; from the date of each mark to its scan the piece may travel, between the
--   two dates the device.
-- Cannot: tell a cloned device from a stolen key, nor fraud from a plant whose clock is wrong by more than the tolerance:
--   many licenses at one plant point to the clock. Scans dated before their own mark show a wrong clock and are left out;
--   so are those of days on which the clock of the plant as a whole is doubted (plant-clock), and of marks that were
--   copied (copy, cloned-id), which anybody may have mailed anywhere.
--   Where one of two plants sorts for the town of the license, only what came in at the other is named.
-- Parameters: speedKmPerHour = 900 (kilometers an hour, in a straight line): an airliner;
--   clockToleranceMinutes = 60 (minutes): added to every journey.
-- Silent for plants without coordinates in the registry, and for scans without a time.
-- @suspects
select distinct one.license, one.psd
from (from entry_plant semi join touched_sets using (license, psd)) as one
join entry_plant as other on other.license = one.license and other.psd = one.psd and other.plant < one.plant
join placed_plants as a on a.plant = one.plant join placed_plants as b on b.plant = other.plant
where distance_km(a.latitude, a.longitude, b.latitude, b.longitude)
  > getvariable('clockToleranceMinutes') * getvariable('speedKmPerHour') / 60
-- @members of suspects
with timed as (
  select row_id, license, psd, content_digest, plant, printed_at_ms,
    epoch_ms(scanned_at) as scanned_at_ms
  from suspects where plant is not null and scanned_at is not null and epoch_ms(scanned_at) >= printed_at_ms
    and pass = 'origin' and row_id not in (select row_id from named_scan where kind in ('cloned-id', 'copy'))
    and (plant, (epoch_ms(scanned_at) // 86400000)::integer)
      not in (select (plant, day) from plant_doubt where kind = 'plant-clock')
),
journeys as (
  select a.plant as a, b.plant as b,
    distance_km(a.latitude, a.longitude, b.latitude, b.longitude) * 3600000 / getvariable('speedKmPerHour') as travel_ms
  from placed_plants as a join placed_plants as b on a.plant <> b.plant
  where a.plant in (select plant from timed) and b.plant in (select plant from timed)
),
homes as (
  select licenses.license, plants.plant from licenses join plants on plants.postcode = licenses.deposit_postcode
),
pairs as (
  select a.row_id as a, b.row_id as b, a.license, a.plant as a_plant, b.plant as b_plant,
    abs(a.printed_at_ms - b.printed_at_ms) + a.scanned_at_ms - a.printed_at_ms + b.scanned_at_ms - b.printed_at_ms as gap_ms
  from timed as a join timed as b using (license, psd)
  where a.row_id < b.row_id and a.plant <> b.plant and a.content_digest <> b.content_digest
),
sided as (
  select *, exists (from homes where homes.license = pairs.license and homes.plant = a_plant) as a_is_home,
    exists (from homes where homes.license = pairs.license and homes.plant = b_plant) as b_is_home
  from pairs join journeys on journeys.a = a_plant and journeys.b = b_plant
  where gap_ms + getvariable('clockToleranceMinutes')::bigint * 60000 < travel_ms
),
named as (
  select a as row_id from sided where not (a_is_home and not b_is_home)
  union
  select b from sided where not (b_is_home and not a_is_home)
)
select row_id, '' as key, '' as why, 0 as value from named
-- @findings
select license, psd, key, 'high' as severity,
  format('License {} on PSD {} was used in two places that nothing can travel between in the time: {} scanned {}.',
    license, psd, count(*), if(count(*) = 1, 'piece', 'pieces')) as detail
from members group by license, psd, key
