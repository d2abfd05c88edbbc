-- Proves: scans of one mark under one mailpiece id are of two pieces or more, since no single piece takes that path: it is
--   in one sorting pass at two plants between which nothing travels in the time; it is weighed twice on one scale
--   with two results and sorted to two addresses; it is sorted to more addresses than misreading, forwarding and return
--   explain; it arrives, and long after its first entry enters the mail again where it first did; or it is scanned more often
--   than any piece is. The mark and the id tag were both copied.
-- Cannot: tell the original from the copies, nor who made them. Neither the PSD nor its license did: the mark is genuine.
-- Parameters: speedKmPerHour = 900 (kilometers an hour, in a straight line): an airliner;
--   clockToleranceMinutes = 60 (minutes): added to every journey, beside the half hours in which scans are compared;
--   toleranceGrams = 5 (grams) and toleranceShare = 0.1 (share of the heavier): what two weighings of one piece may differ;
--   areasMax = 3 (delivery areas): the address, a misreading of it, and one to forward or return the piece to;
--   reentryHours = 36 (hours): between two entries at one plant; a machine that is fed again is fed the same night;
--   scansMax = 40 (scans): of one piece, in all passes.
-- Weights and times of plants that are in doubt (plant-scale, plant-clock) are left out. Where one scale or clock alone says so, or two plants weigh differently, the piece goes to a person (doubtful-path).
-- @members of repeats
with scanned as (
  select row_id, license, psd, piece_count, content_digest, mailpiece, plant, pass, half_hour, area,
    known_grams
  from trusted_repeats where mailpiece is not null
),
often as (
  select license, psd, piece_count, content_digest, mailpiece, count(*) as scans, count(distinct area) as areas
  from scanned group by all
),
-- More scans than that are proof by themselves, so that no more than that are compared with each other.
few as (
  from scanned semi join (from often where scans between 2 and getvariable('scansMax'))
    using (license, psd, piece_count, content_digest, mailpiece)
),
pairs as (
  select one.license, one.psd, one.piece_count, one.content_digest, one.mailpiece,
    case
      when one.plant = other.plant and one.area <> other.area
        and abs(one.known_grams - other.known_grams) > greatest(getvariable('toleranceGrams'),
          getvariable('toleranceShare') * greatest(one.known_grams, other.known_grams)) then 'weight'
      when one.plant <> other.plant and one.pass = other.pass and a.plant is not null and b.plant is not null
        and distance_km(a.latitude, a.longitude, b.latitude, b.longitude)
          > ((abs(one.half_hour - other.half_hour) + 1) * 30 + getvariable('clockToleranceMinutes'))
            * (getvariable('speedKmPerHour') / 60) then 'travel'
    end as why
  from few as one join few as other using (license, psd, piece_count, content_digest, mailpiece)
  left join placed_plants as a on a.plant = one.plant left join placed_plants as b on b.plant = other.plant
  where one.row_id < other.row_id
),
entered_again as (
  select license, psd, piece_count, content_digest, mailpiece
  from few as first_entry
  join few as arrival using (license, psd, piece_count, content_digest, mailpiece)
  join few as entry using (license, psd, piece_count, content_digest, mailpiece)
  where first_entry.pass = 'origin' and entry.pass = 'origin' and arrival.pass = 'destination'
    and first_entry.plant = entry.plant and arrival.plant <> entry.plant
    and first_entry.half_hour <= arrival.half_hour and arrival.half_hour <= entry.half_hour
    and entry.half_hour - first_entry.half_hour > 2 * getvariable('reentryHours')
),
proven as (
  select license, psd, piece_count, content_digest, mailpiece, why from pairs where why is not null
  union
  select license, psd, piece_count, content_digest, mailpiece, 'entry' from entered_again
  union
  select license, psd, piece_count, content_digest, mailpiece, 'addresses' from often where areas > getvariable('areasMax')
  union
  select license, psd, piece_count, content_digest, mailpiece, 'scans' from often where scans > getvariable('scansMax')
),
explained as (
  select license, psd, piece_count, content_digest, mailpiece, string_agg(why, ',' order by why) as why
  from proven group by all
)
select row_id, format('{}/{}/{}', piece_count, content_digest, mailpiece) as key, why, 0 as value
from scanned join explained using (license, psd, piece_count, content_digest, mailpiece)
-- @findings
select license, psd, key, 'high' as severity,
  format('Piece {} of license {} on PSD {} and mailpiece id {} were seen together {} times, and no single piece takes that path: {}.',
    split_part(key, '/', 1), license, psd, min(mailpiece_id), count(*),
    concat_ws('; ',
      if(bool_or(contains(why, 'travel')), 'it was in one pass at two plants between which nothing travels in the time', null),
      if(bool_or(contains(why, 'weight')), 'one scale weighed it differently on the way to another address', null),
      if(bool_or(contains(why, 'addresses')), 'it was sorted to too many addresses', null),
      if(bool_or(contains(why, 'entry')), 'it entered the mail again after it had arrived', null),
      if(bool_or(contains(why, 'scans')), 'it was scanned too often', null))) as detail
from members group by license, psd, key
