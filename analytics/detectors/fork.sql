-- Proves: one piece count of one register set was used for different contents, both genuinely signed. A PSD never
--   does that: it was cloned, or an old state of its registers was put back.
-- Cannot: tell the clone from the original.
-- Parameters: none.
-- @members of repeats
with forked as (
  select license, psd, piece_count, count(distinct content_digest) as contents
  from repeats group by license, psd, piece_count having min(content_digest) <> max(content_digest)
)
select row_id, piece_count::varchar as key, '' as why, contents as value
from repeats join forked using (license, psd, piece_count)
-- @findings
select license, psd, key, 'critical' as severity,
  format('Piece {} of license {} on PSD {} exists with {} different contents, all genuinely signed.', key, license, psd,
    max(value)) as detail
from members group by license, psd, key
