-- Proves: a sorter read another destination on the piece than its mark is signed for: postage for one address may have
--   been put on mail to another, as whoever copies or resells marks must do.
-- Cannot: tell that from a misread address, which is common: one scan in some hundreds, so a single one means little and
--   severity is low; many under one license mean much. Where another scan of the same mailpiece read the destination
--   of the mark, the odd one is a misread and is not named.
-- Thresholds: the first 5 characters, which is the delivery area where codes go on to streets and boxes; where one side
--   is shorter, what both have, but at least 3, since fewer say too little. Spaces and hyphens do not count; reading
--   ends where the sorter put any other sign for a character that it could not read.
with compared as (
  select row_id, scan_id, license, psd, content_digest, mailpiece_id, destination_postcode,
    regexp_extract(upper(translate(sorter_destination, ' -', '')), '^[0-9A-Z]*') as sorted_to,
    least(5, length(destination_postcode), length(sorted_to)) as compared_characters
  from pieces
  where genuine and destination_postcode is not null and sorter_destination is not null
),
other as (
  from compared
  where compared_characters >= 3
    and left(destination_postcode, compared_characters) <> left(sorted_to, compared_characters)
),
same as (
  select license, psd, content_digest, mailpiece_id
  from compared
  where compared_characters >= 3
    and left(destination_postcode, compared_characters) = left(sorted_to, compared_characters)
)
select
  'wrong-destination' as kind,
  'low' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('PSD {}: {} scanned pieces under license {} were sorted to other destinations than their marks name.', psd,
    count(*), license) as detail
from other anti join same using (license, psd, content_digest, mailpiece_id)
group by license, psd
