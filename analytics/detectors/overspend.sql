-- Proves: more postage was in a register set than was paid for. A prepaid PSD keeps ascending + descending register (the
--   control total) equal to all refills: a greater one was credited by nobody who was paid. And, over all PSDs of a
--   license: the ascending registers add up to more than was paid for it, less what was paid back when a set was
--   withdrawn; this names the mark with the greatest register of each PSD, since together they prove it.
-- Cannot: tell a refill whose record this registry does not have yet; judge again by a newer one before accusing. In the
--   second case, tell on which of the license's PSDs the money is missing.
-- Parameters: none; the books of a PSD are exact to the mill. Marks without a descending register are postpaid.
-- @with
paid as (
  select license, psd, sum(amount_mills) as paid_mills from funds group by license, psd
),
sets as (
  select license, psd, control_mills, spent_mills, coalesce(paid_mills, 0) as paid_mills
  from register_set left join paid using (license, psd) where spent_mills is not null
),
-- What a set spent beyond its own funds is its own finding, and nothing that the others of its license must answer for.
accounts as (
  select license, sum(if(control_mills > paid_mills, least(spent_mills, paid_mills), spent_mills)) as spent_mills,
    coalesce((select sum(paid_mills) from paid where paid.license = sets.license), 0)
      - coalesce((select sum(returned_mills) from withdrawals where withdrawals.license = sets.license), 0) as due_mills
  from sets group by license
)
-- @suspects
select license, psd from sets semi join touched_licenses using (license)
join (select license, spent_mills > due_mills as is_beyond from accounts) as judged using (license)
where control_mills > paid_mills or is_beyond
-- @members of suspects
with judged as (
  select row_id, suspects.ascending_mills + suspects.descending_mills as control_mills,
    suspects.ascending_mills + suspects.descending_mills > paid_mills as is_beyond_set,
    suspects.ascending_mills = sets.spent_mills and accounts.spent_mills > due_mills as is_beyond_license
  from suspects join sets using (license, psd) join accounts using (license)
  where suspects.descending_mills is not null
)
select row_id, '' as key,
  case when not is_beyond_license then 'set' when is_beyond_set then 'both' else 'license' end as why,
  control_mills as value
from judged where is_beyond_set or is_beyond_license
-- @findings
select members.license, members.psd, key, 'critical' as severity,
  concat_ws(' ',
    if(bool_or(why <> 'license'), format('PSD {} shows up to {} mills of credit under license {}, for which {} were paid, on {} scanned pieces.',
      members.psd, max(value), members.license, max(paid_mills), count(*) filter (where why <> 'license')), null),
    if(bool_or(why <> 'set'), format('The PSDs of license {} spent at least {} mills, and {} were paid.', members.license,
      max(accounts.spent_mills), max(due_mills)), null)) as detail
from members join sets using (license, psd) join accounts using (license)
group by members.license, members.psd, key
