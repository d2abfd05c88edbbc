-- Informs: how many of the pieces that a register set counted were never scanned. Mail that no camera saw is normal, so
--   this accuses nobody and names no pieces; it says how much the other detectors could see of this set.
-- Cannot: tell a piece that was not scanned from one that was spoiled in the printer, handed back, or not yet mailed; nor
--   see pieces before the first count seen or after the last.
-- Parameters: unseenShareMax = 0.5 (share of the pieces counted): above it the set is listed;
--   countedPiecesMin = 100 (pieces): below it the share means little.
-- @findings of touched licenses
with covered as (
  select license, psd, sum(bit_count(seen_counts)) as seen_pieces,
    max(last_piece_count)::hugeint - min(first_piece_count)::hugeint + 1 as counted_pieces
  from counter_page semi join touched_licenses using (license)
  group by license, psd
)
select license, psd, '' as key, 'information' as severity,
  format('PSD {} counted {} pieces under license {}, and {} of them {} scanned.', psd, counted_pieces, license,
    seen_pieces, if(seen_pieces = 1, 'was', 'were')) as detail
from covered
where counted_pieces >= getvariable('countedPiecesMin')
  and seen_pieces < (1 - getvariable('unseenShareMax')) * counted_pieces
