-- Informs: a license franked many times what it uses to frank in a day: a campaign, or somebody who spends what is not
--   his. Counted by the piece counts of its PSDs, so that pieces that were not scanned count too.
-- Cannot: tell the two apart, hence it accuses nobody and names no pieces; a license that falls silent is not reported,
--   since its mail may only be late.
-- Parameters: timesMedian = 10 (times): against the median of the earlier days;
--   daysBefore = 28 (days): how far back these may lie;
--   daysMin = 5 (days): with mail among them, or there is nothing to compare with;
--   piecesMin = 500 (pieces): below it a day does not count as a sudden change.
-- @findings of touched licenses
with daily as (
  select license, day, sum(last_piece_count::hugeint - first_piece_count::hugeint + 1) as pieces
  from printing_day semi join touched_licenses using (license)
  group by license, day
),
compared as (
  select license, day, pieces, count(*) over before as days,
    median(pieces) over before as usual_pieces
  from daily
  window before as (partition by license order by day
    range between getvariable('daysBefore')::integer preceding and 1 preceding)
)
select license, null::varchar as psd, day::varchar as key, 'information' as severity,
  format('License {} franked {} pieces on {}; its usual day before had {}.', license, pieces,
    strftime(make_timestamp(day::bigint * 86400000000), '%Y-%m-%d'), round(usual_pieces)::hugeint) as detail
from compared
where days >= getvariable('daysMin') and pieces >= getvariable('piecesMin')
  and pieces >= getvariable('timesMedian') * usual_pieces
