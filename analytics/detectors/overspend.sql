-- Proves: more postage was in a register set than was paid for. A prepaid PSD keeps ascending + descending register (the
--   control total) equal to all refills: a greater one was credited by nobody who was paid. And, over all PSDs of a
--   license: the ascending registers add up to more than was paid for it, less what was paid back when a set was
--   withdrawn; this names the mark with the greatest register of each PSD, since together they prove it.
-- Cannot: tell a refill whose record this registry does not have yet; judge again by a newer one before accusing. In the
--   second case, tell on which of the license's PSDs the money is missing.
-- Parameters: none; the books of a PSD are exact to the mill. Marks without a descending register are postpaid.
-- @suspects
with paid as (
  select license, psd, sum(amount_mills) as paid_mills from funds semi join touched_licenses using (license)
  group by license, psd
),
sets as (
  select license, psd, control_mills, spent_mills, coalesce(paid_mills, 0) as paid_mills
  from register_set semi join touched_licenses using (license) left join paid using (license, psd)
  where spent_mills is not null
),
accounts as (
  select license, sum(spent_mills) as spent_mills,
    coalesce((select sum(paid_mills) from paid where paid.license = sets.license), 0)
      - coalesce((select sum(returned_mills) from withdrawals where withdrawals.license = sets.license), 0) as due_mills
  from sets group by license
)
select license, psd from sets join (select license, spent_mills > due_mills as is_beyond from accounts) using (license)
where control_mills > paid_mills or is_beyond
-- @members of suspects
with paid as (
  select license, psd, sum(amount_mills) as paid_mills from funds group by license, psd
),
accounts as (
  select license, sum(spent_mills) as license_spent_mills,
    coalesce((select sum(paid_mills) from paid where paid.license = register_set.license), 0)
      - coalesce((select sum(returned_mills) from withdrawals where withdrawals.license = register_set.license), 0)
      as license_paid_mills
  from register_set where license in (select license from suspects)
  group by license
),
judged as (
  select row_id, suspects.ascending_mills + suspects.descending_mills as control_mills,
    suspects.ascending_mills + suspects.descending_mills > coalesce(paid_mills, 0) as is_beyond_set,
    suspects.ascending_mills = spent_mills and license_spent_mills > license_paid_mills as is_beyond_license
  from suspects
  join register_set using (license, psd)
  join accounts using (license)
  left join paid using (license, psd)
  where suspects.descending_mills is not null
)
select row_id, '' as key,
  case when not is_beyond_license then 'set' when is_beyond_set then 'both' else 'license' end as why,
  control_mills as value
from judged where is_beyond_set or is_beyond_license
-- @findings
with paid as (
  select license, psd, sum(amount_mills) as paid_mills from funds group by license, psd
)
select members.license, members.psd, key, 'critical' as severity,
  concat_ws(' ',
    if(bool_or(why <> 'license'), format('PSD {} shows up to {} mills of credit under license {}, for which {} were paid, on {} scanned pieces.',
      members.psd, max(value), members.license, coalesce(max(paid_mills), 0), count(*) filter (where why <> 'license')), null),
    if(bool_or(why <> 'set'), format('The PSDs of license {} spent at least {} mills, and {} were paid.', members.license,
      (select sum(spent_mills) from register_set where register_set.license = members.license),
      coalesce((select sum(paid_mills) from paid where paid.license = members.license), 0)
        - coalesce((select sum(returned_mills) from withdrawals where withdrawals.license = members.license), 0)), null)) as detail
from members left join paid on paid.license = members.license and paid.psd = members.psd
group by members.license, members.psd, key
