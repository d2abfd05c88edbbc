-- Every distinct genuine mark once, however often it was scanned or copied: what the books count. Forged marks are in no
--   book. A counter that was used twice has two marks, both printed; the one dated first is taken for the use that the
--   registers account for, and is_reuse names the others. That choice is right for a register set that was rolled back;
--   beside a clone nobody can tell, and it only shares the postage out between the two.
-- Few counters are used twice: only their marks are put in order, which takes a third of the time.
with reused as (
  select license, psd, piece_count from pieces where genuine
  group by license, psd, piece_count having min(content_digest) <> max(content_digest)
),
reuses as (
  select license, psd, piece_count, content_digest
  from pieces semi join reused using (license, psd, piece_count)
  where genuine group by license, psd, piece_count, content_digest
  qualify row_number() over (
    partition by license, psd, piece_count
    order by any_value(printed_at_ms), any_value(epoch), any_value(ascending_mills), content_digest
  ) > 1
)
select distinct_marks.*, reuses.license is not null as is_reuse
from (
  select license, psd, piece_count, content_digest, any_value(epoch) as epoch,
    any_value(ascending_mills) as ascending_mills, any_value(descending_mills) as descending_mills,
    any_value(postage_mills) as postage_mills, any_value(printed_at_ms) as printed_at_ms,
    arg_min(plant, (coalesce(scanned_at, 'infinity'::timestamp), plant)) filter (where pass = 'origin' and plant is not null)
      as origin_plant,
    list(scan_id order by scanned_at nulls last, scan_id) as scan_ids
  from pieces where genuine group by license, psd, piece_count, content_digest
) as distinct_marks
left join reuses using (license, psd, piece_count, content_digest)
