-- Proves: a register set counted more pieces in a time than its printer can print: the marks were not made by that
--   printer, but by someone who has its key or a clone, or the count jumped.
-- Cannot: tell these from each other, nor see a thief who keeps to the printer's pace. Names the marks that are too far
--   ahead of an earlier one; where a count jumped once, that is the mark after the jump. A mark that runs back behind
--   an earlier one is not a start to measure from: it has a finding of its own (rollback).
-- Parameters: piecesPerMinuteMax = 1000 (pieces a minute): the fastest inserting lines feed some 600 envelopes a minute;
--   dateTickSeconds = 60 (seconds): a PSD is told the time once a minute, so two marks of one date may be that far apart;
--   seenShareMin = 0.1 (share): of the counts up to the last of a date, so many seen say that it stood for mail that there is
--   and for no jump; dateTickHoursMax = 24 (hours): then its PSD may have been told the time as seldom as the dates of the
--   set say, but once a day.
-- A PSD that is told the time once a day may put one date on all that its printer prints until it is told the next: the
-- marks of a date that stood are allowed the median time between two dates of their set, and a set with one date a day.
-- What this hides: a thief who mails a tenth of what he prints, on dates as far apart as those of the owner.
-- @suspects
-- By the bounds of pages of 64 piece counts, which name more than in the end. Pages that are so near each other that all
-- their pieces may share one date are not compared.
with bounds as (
  select license, psd,
    last_piece_count::hugeint * 60000 - getvariable('piecesPerMinuteMax')::hugeint * first_ms as ahead,
    min(first_piece_count::hugeint * 60000 - getvariable('piecesPerMinuteMax')::hugeint * last_ms) over (
      partition by license, psd order by page::hugeint range between unbounded preceding
        and getvariable('piecesPerMinuteMax')::hugeint * getvariable('dateTickSeconds') // (60 * 64) preceding) as start
  from counter_page semi join touched_sets using (license, psd)
)
select distinct license, psd from bounds
where ahead - start > getvariable('piecesPerMinuteMax')::hugeint * getvariable('dateTickSeconds') * 1000
-- @members of suspects
with marks as (
  select license, psd, content_digest, min(piece_count)::hugeint as piece_count, min(printed_at_ms) as printed_at_ms
  from suspects group by license, psd, content_digest
),
started as (
  select *, piece_count * 60000 - getvariable('piecesPerMinuteMax')::hugeint * printed_at_ms as ahead,
    coalesce(piece_count > max(piece_count) over (
      partition by license, psd order by printed_at_ms range between unbounded preceding and current row exclude group
    ), true) as goes_on
  from marks
),
dates as (
  select *, lead(printed_at_ms) over dates - printed_at_ms as gap_ms,
    last_piece_count - least(first_piece_count - 1, max(last_piece_count) over (dates rows between unbounded preceding and 1 preceding))
      as counted
  from (
    select license, psd, printed_at_ms, count(distinct piece_count) as seen, min(piece_count) as first_piece_count,
      max(piece_count) as last_piece_count
    from marks group by license, psd, printed_at_ms
  )
  window dates as (partition by license, psd order by printed_at_ms)
),
told as (
  select license, psd, least(coalesce(quantile_disc(gap_ms, 0.5), getvariable('dateTickHoursMax') * 3600000),
    getvariable('dateTickHoursMax') * 3600000) as gap_ms
  from dates group by license, psd
),
ticks as (
  select license, psd, printed_at_ms, greatest(getvariable('dateTickSeconds') * 1000,
    if(seen >= getvariable('seenShareMin') * counted::double, told.gap_ms, 0)) as tick_ms
  from dates join told using (license, psd)
),
compared as (
  select *, min(ahead) filter (where goes_on) over (
      partition by license, psd order by printed_at_ms range between unbounded preceding and current row
    ) as start
  from started
)
select row_id, '' as key, '' as why, 0 as value
from suspects semi join (
  from compared join ticks using (license, psd, printed_at_ms)
  where ahead - start > getvariable('piecesPerMinuteMax')::hugeint * tick_ms
) as too_fast using (license, psd, content_digest)
-- @findings
select license, psd, key, 'high' as severity,
  format('PSD {}: {} scanned {} under license {}, counted faster than {} pieces a minute.', psd, count(*),
    if(count(*) = 1, 'piece', 'pieces'), license, getvariable('piecesPerMinuteMax')) as detail
from members group by license, psd, key
