-- Proves: a sorter read another destination on the piece than its mark is signed for: postage for one address may have
--   been put on mail to another, as anyone who copies or resells marks must do.
-- Cannot: tell that from a misread address, which is common: one scan in some hundreds, so a single one means little and
--   severity is low; many under one license mean much. Where as many scans of a mailpiece or more read the destination of
--   the mark, the odd ones are misreadings and are not named: what the customer signed weighs like one more reading.
-- Parameters: comparedCharacters = 5 (characters): the delivery area, where codes go on to streets and boxes;
--   comparedCharactersMin = 3 (characters): where one side is shorter, what both have, but fewer say too little.
-- Spaces and hyphens do not count; reading ends where the sorter put any other sign for a character that it could not
-- read. Marks that were or may have been copied are left out (copy, cloned-id, doubtful-path): the mailer of copies is not
-- the customer.
-- @members of seen
with compared as (
  select row_id, license, psd, piece_count, content_digest, destination_postcode,
    -- A scan without an id is of the one mailpiece that the mark was seen on, if it was seen on no other.
    case when mailpiece is not null then mailpiece
      when min(mailpiece) over scans_of_mark is not distinct from max(mailpiece) over scans_of_mark
        then coalesce(min(mailpiece) over scans_of_mark, '')
      else format('row {}', row_id) end as mailpiece,
    regexp_extract(upper(translate(sorter_destination, ' -', '')), '^[0-9A-Z]*') as sorted_to
  from seen where sorter_destination is not null and destination_postcode is not null
  window scans_of_mark as (partition by license, psd, piece_count, content_digest)
),
read as (
  select *, least(getvariable('comparedCharacters'), length(destination_postcode), length(sorted_to)) as characters
  from compared
),
judged as (
  select row_id, license, psd, piece_count, content_digest, mailpiece,
    left(destination_postcode, characters) <> left(sorted_to, characters) as is_wrong
  from read where characters >= getvariable('comparedCharactersMin')
),
weighed as (
  select row_id, is_wrong,
    2 * count(*) filter (where is_wrong) over mailpiece_scans > count(*) over mailpiece_scans as are_most_wrong
  from judged
  window mailpiece_scans as (partition by license, psd, piece_count, content_digest, mailpiece)
)
select row_id, '' as key, '' as why, 0 as value from weighed where is_wrong and are_most_wrong
-- @exonerated
from copied_scans
-- @findings
select license, psd, key, 'low' as severity,
  format('PSD {}: {} scanned {} under license {} with a different destination on the piece than in the mark.', psd,
    count(*), if(count(*) = 1, 'piece', 'pieces'), license) as detail
from members group by license, psd, key
