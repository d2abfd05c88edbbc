-- Proves: nothing. Scans of one mark under one mailpiece id fit one piece badly: a person should look, and is told what at.
--   One scale weighed it differently, or two plants did and sorted it to two addresses; a later pass came sooner after
--   an earlier one than anything travels; it entered the mail at two plants, or twice with long between; it was sorted to
--   a third address; or it was scanned often in one pass.
-- Cannot: tell a copied id tag from a scale, a clock or a machine at fault. Accuses nobody.
-- Parameters: scansPerPassMax = 8 (scans): of one piece in one pass of a plant; a machine that is fed again sees it some times;
--   speedKmPerHour = 900 (kilometers an hour, in a straight line): an airliner;
--   clockToleranceMinutes = 60 (minutes): added to every journey, beside the half hours in which scans are compared;
--   toleranceGrams = 5 (grams) and toleranceShare = 0.1 (share of the heavier): what two weighings of one piece may differ;
--   areasMax = 3 (delivery areas): with so many, the last may still be a misreading;
--   reentryHours = 36 (hours): between two entries at one plant.
-- Where the path is proven to be of two pieces, cloned-id says so instead. Weights and times of
-- plants that are in doubt (plant-scale, plant-clock) are left out.
-- @members of repeats
with scanned as (
  select row_id, license, psd, piece_count, content_digest, mailpiece, plant, pass, half_hour, area,
    known_grams, list_position(['origin', 'transit', 'destination'], pass) as stage
  from trusted_repeats where mailpiece is not null and row_id not in (select row_id from named_scan where kind = 'cloned-id')
),
often as (
  select license, psd, piece_count, content_digest, mailpiece, count(distinct area) as areas
  from scanned group by all having count(*) > 1
),
pairs as (
  select one.license, one.psd, one.piece_count, one.content_digest, one.mailpiece,
    [
      if(abs(one.known_grams - other.known_grams) > greatest(getvariable('toleranceGrams'),
          getvariable('toleranceShare') * greatest(one.known_grams, other.known_grams))
        and (one.plant = other.plant or one.area <> other.area), 'weight', null),
      if(one.plant <> other.plant and one.stage < other.stage and one.half_hour <= other.half_hour
        and a.plant is not null and b.plant is not null and distance_km(a.latitude, a.longitude, b.latitude, b.longitude)
          > (other.half_hour - one.half_hour + 1) * 30 * (getvariable('speedKmPerHour') / 60)
            + getvariable('clockToleranceMinutes') * (getvariable('speedKmPerHour') / 60), 'travel', null),
      if(one.row_id < other.row_id and one.stage = 1 and other.stage = 1
        and (one.plant <> other.plant or abs(one.half_hour - other.half_hour) > 2 * getvariable('reentryHours')),
        'entry', null)
    ] as whys
  from scanned as one join scanned as other using (license, psd, piece_count, content_digest, mailpiece)
  left join placed_plants as a on a.plant = one.plant left join placed_plants as b on b.plant = other.plant
  where one.row_id <> other.row_id
),
doubtful as (
  select license, psd, piece_count, content_digest, mailpiece, unnest(whys) as why from pairs
  union
  select license, psd, piece_count, content_digest, mailpiece, 'addresses' from often where areas >= getvariable('areasMax')
  union
  select license, psd, piece_count, content_digest, mailpiece, 'scans' from scanned
  group by license, psd, piece_count, content_digest, mailpiece, plant, pass
  having count(*) > getvariable('scansPerPassMax')
),
explained as (
  select license, psd, piece_count, content_digest, mailpiece, string_agg(why, ',' order by why) as why
  from doubtful where why is not null group by all
)
select row_id, format('{}/{}/{}', piece_count, content_digest, mailpiece) as key, why, 0 as value
from scanned join explained using (license, psd, piece_count, content_digest, mailpiece)
-- @findings
select license, psd, key, 'low' as severity,
  format('Piece {} of license {} on PSD {} and mailpiece id {} were seen together {} times, which fits one piece badly: {}.',
    split_part(key, '/', 1), license, psd, min(mailpiece_id), count(*),
    concat_ws('; ',
      if(bool_or(contains(why, 'travel')), 'a later pass came sooner than anything travels', null),
      if(bool_or(contains(why, 'weight')), 'its weight changed', null),
      if(bool_or(contains(why, 'addresses')), 'it was sorted to a third address', null),
      if(bool_or(contains(why, 'entry')), 'it entered the mail twice', null),
      if(bool_or(contains(why, 'scans')), 'it was scanned often in one pass', null))) as detail
from members group by license, psd, key
