-- Proves: a sorter read another destination on the piece than its mark is signed for: postage for one address may have
--   been put on mail to another, as whoever copies or resells marks must do.
-- Cannot: tell that from a misread address, which is common: one scan in some hundreds, so a single one means little and
--   severity is low; many under one license mean much. Where another scan of the same mailpiece read the destination
--   of the mark, the odd one is a misread and is not named.
-- Parameters: comparedCharacters = 5 (characters): the delivery area, where codes go on to streets and boxes;
--   comparedCharactersMin = 3 (characters): where one side is shorter, what both have, but fewer say too little.
-- Spaces and hyphens do not count; reading ends where the sorter put any other sign for a character that it could not
-- read.
-- @members of fresh
with unlike as (
  select row_id, license, psd, content_digest, mailpiece_id, destination_postcode,
    regexp_extract(upper(translate(sorter_destination, ' -', '')), '^[0-9A-Z]*') as sorted_to,
    least(getvariable('comparedCharacters'), length(destination_postcode), length(sorted_to)) as compared_characters
  from fresh
  where genuine and sorter_destination is not null and destination_postcode is not null
    and sorter_destination <> destination_postcode
)
select row_id, '' as key, '' as why, 0 as value
from unlike
where compared_characters >= getvariable('comparedCharactersMin')
  and left(destination_postcode, compared_characters) <> left(sorted_to, compared_characters)
-- @exonerated
with alike as (
  select license, psd, content_digest, mailpiece_id, destination_postcode,
    regexp_extract(upper(translate(sorter_destination, ' -', '')), '^[0-9A-Z]*') as sorted_to,
    least(getvariable('comparedCharacters'), length(destination_postcode), length(sorted_to)) as compared_characters
  from repeats where sorter_destination is not null and destination_postcode is not null
)
select row_id
from repeats semi join (
  from alike
  where compared_characters >= getvariable('comparedCharactersMin')
    and left(destination_postcode, compared_characters) = left(sorted_to, compared_characters)
) as right_ones using (license, psd, content_digest, mailpiece_id)
-- @findings
select license, psd, key, 'low' as severity,
  format('PSD {}: {} scanned pieces under license {} were sorted to other destinations than their marks name.', psd,
    count(*), license) as detail
from members group by license, psd, key
