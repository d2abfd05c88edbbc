-- Proves: more postage was in a register set than was paid for. A prepaid PSD keeps ascending + descending register (the
--   control total) equal to all refills: a greater one was credited by nobody who was paid. And, over all PSDs of a
--   license: the ascending registers add up to more than was paid for it, less what was paid back when a set was
--   withdrawn; this names the mark with the greatest register of each PSD, since together they prove it.
-- Cannot: tell a refill whose record this registry does not have yet; judge again by a newer one before accusing. In the
--   second case, tell on which of the license's PSDs the money is missing.
-- Thresholds: none; the books of a PSD are exact to the mill. Marks without a descending register are postpaid.
with prepaid as (
  select row_id, scan_id, license, psd, ascending_mills, ascending_mills + descending_mills as control_mills
  from pieces where genuine and descending_mills is not null
),
paid as (
  select license, psd, sum(amount_mills) as paid_mills from funds group by license, psd
),
registers as (
  select license, psd, max(ascending_mills) as spent_mills from prepaid group by license, psd
),
accounts as (
  select license, any_value(license_spent_mills) as license_spent_mills,
    coalesce((select sum(paid_mills) from paid where paid.license = spent.license), 0)
      - coalesce((select sum(returned_mills) from withdrawals where withdrawals.license = spent.license), 0)
      as license_paid_mills
  from (select license, sum(spent_mills) as license_spent_mills from registers group by license) as spent
  group by license
),
beyond as (
  select row_id, scan_id, license, psd, control_mills, coalesce(paid_mills, 0) as paid_mills,
    control_mills > coalesce(paid_mills, 0) as is_beyond_set,
    ascending_mills = spent_mills and license_spent_mills > license_paid_mills as is_beyond_license,
    license_spent_mills, license_paid_mills
  from prepaid
  join registers using (license, psd)
  join accounts using (license)
  left join paid using (license, psd)
)
select
  'overspend' as kind,
  'critical' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  concat_ws(' ',
    if(bool_or(is_beyond_set), format('PSD {} shows up to {} mills of credit under license {}, for which {} were paid, on {} scanned pieces.',
      psd, max(control_mills), license, any_value(paid_mills), count(*) filter (where is_beyond_set)), null),
    if(bool_or(is_beyond_license), format('The PSDs of license {} spent at least {} mills, and {} were paid.', license,
      any_value(license_spent_mills), any_value(license_paid_mills)), null)) as detail
from beyond
where is_beyond_set or is_beyond_license
group by license, psd
