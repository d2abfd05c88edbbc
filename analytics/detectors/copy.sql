-- Proves: one indicium was put on two mailpieces: same register set, same piece count, same signed contents, and
--   either two different mailpiece ids in one sorting pass, or (where an id is missing) two plants where it entered the
--   mail, one pass at two plants between which nothing travels in the time, or more scans in one pass of a plant than
--   feeding a piece again explains.
-- Cannot: tell the original from the copy; each is as suspect as the other, unless one of them alone was sorted to the
--   address that the mark is signed for, or entered the mail in the town where it is to be deposited: then it is
--   named as the original. A new id in a later pass may be a new tag on the same piece, and is not a copy.
-- Parameters: unidentifiedScansMax = 8 (scans): of one mark without mailpiece ids in one pass of a plant; a machine that
--   is fed again sees a piece some times;
--   speedKmPerHour = 900 (kilometers an hour, in a straight line): an airliner;
--   clockToleranceMinutes = 60 (minutes): added to every journey, beside the half hours in which scans are compared.
-- Times of plants whose clock is in doubt (plant-clock) prove no journey.
-- @members of repeats
with by_pass as (
  select license, psd, piece_count, content_digest, pass, count(distinct mailpiece) as mailpieces
  from repeats where pass is not null group by all
),
by_piece as (
  select license, psd, piece_count, content_digest, count(distinct mailpiece) as mailpieces,
    count(*) filter (where pass is null and mailpiece is not null) as without_pass,
    count(distinct plant) filter (where pass = 'origin') as entries,
    count(*) filter (where pass = 'origin' and plant is not null and mailpiece is null) as unidentified_entries
  from repeats group by license, psd, piece_count, content_digest
),
-- Scans of one half hour at a plant are one: journeys between so many are compared, however many scans there are.
stops as (
  select distinct license, psd, piece_count, content_digest, pass, plant, half_hour, mailpiece is null as is_unidentified
  from trusted_repeats
  where pass is not null and plant is not null and half_hour is not null
),
far_apart as (
  select license, psd, piece_count, content_digest
  from stops as one join stops as other using (license, psd, piece_count, content_digest, pass)
  join placed_plants as a on a.plant = one.plant join placed_plants as b on b.plant = other.plant
  where one.plant < other.plant and (one.is_unidentified or other.is_unidentified)
    and distance_km(a.latitude, a.longitude, b.latitude, b.longitude)
      > ((abs(one.half_hour - other.half_hour) + 1) * 30 + getvariable('clockToleranceMinutes'))
        * (getvariable('speedKmPerHour') / 60)
),
copied as (
  select license, psd, piece_count, content_digest from by_pass where mailpieces > 1
  union
  select license, psd, piece_count, content_digest from by_piece
  where (mailpieces > 1 and without_pass > 0) or (entries > 1 and unidentified_entries > 0)
  union
  select license, psd, piece_count, content_digest from repeats where mailpiece is null
  group by license, psd, piece_count, content_digest, plant, pass having count(*) > getvariable('unidentifiedScansMax')
  union
  from far_apart
),
homes as (
  select postcode, list(plant) as plants from plants group by postcode
),
directed as (
  select license, psd, piece_count, content_digest, mailpiece,
    bool_or(coalesce(area = signed_area, false)
      or coalesce(pass = 'origin' and list_contains(homes.plants, plant), false)) as is_right,
    bool_or(coalesce(area <> signed_area, false)
      or coalesce(pass = 'origin' and not list_contains(homes.plants, plant), false)) as is_astray
  from repeats left join homes on homes.postcode = repeats.deposit_postcode
  where mailpiece is not null
  group by all
),
originals as (
  from (select license, psd, piece_count, content_digest, mailpiece from directed where is_right and not is_astray)
  semi join (from directed where is_astray) using (license, psd, piece_count, content_digest)
)
select row_id, format('{}/{}', piece_count, content_digest) as key,
  if(originals.mailpiece is null, '', 'original') as why, 0 as value
from repeats semi join copied using (license, psd, piece_count, content_digest)
left join originals using (license, psd, piece_count, content_digest, mailpiece)
-- @findings
select license, psd, key, 'high' as severity,
  concat(format('Piece {} of license {} on PSD {} was seen on {} mailpieces, at {} {}.', split_part(key, '/', 1), license, psd,
    greatest(count(distinct mailpiece_id), 2), count(distinct plant), if(count(distinct plant) = 1, 'plant', 'plants')),
    format(' One goes where the mark is signed for, and the others do not: scans {}.',
      string_agg(scan_id, ', ' order by scan_id) filter (where why = 'original'))) as detail
from members group by license, psd, key
