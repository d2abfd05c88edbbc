-- Proves: more postage was in a register set than was paid for. A prepaid PSD keeps ascending + descending register (the
--   control total) equal to all refills: a greater one was credited by nobody who was paid. And, over all PSDs of a
--   license: the ascending registers add up to more than was paid for it, less what was paid back when a set was
--   withdrawn; this names the mark with the greatest register of each PSD, since together they prove it. A descending
--   register that does not fall as the ascending one rises raises the control total, and is found here from the first mill
--   beyond what was paid. Of a mark that leaves its descending register out the ascending one counts alone.
-- Cannot: tell a refill whose record this registry does not have yet; judge again by a newer one before accusing. In the
--   second case, tell on which of the license's PSDs the money is missing. Says nothing of a control total below what was
--   paid: a refill that its PSD has not fetched yet looks so, and so does a register that lost money, which is its owner's
--   loss; the book of the set shows it as a negative difference.
-- Parameters: none; the books of a PSD are exact to the mill. Postpaid licenses are left out: see omitted-descending;
--   so are PSDs that were never granted the license: see ungranted-psd.
-- @with
-- What a PSD without any grant spends in the name of a license is ungranted-psd, and nothing that its holder answers for.
granted as (select distinct license, psd from grants),
-- What a set spent beyond its own funds is its own finding, and nothing that the others of its license must answer for.
accounts as (
  select license, sum(if(control_mills > paid_mills, least(spent_mills, paid_mills), spent_mills)) as spent_mills,
    coalesce((select sum(amount_mills) from funds where funds.license = prepaid_sets.license), 0)
      - coalesce((select sum(returned_mills) from withdrawals where withdrawals.license = prepaid_sets.license), 0) as due_mills
  from prepaid_sets semi join granted using (license, psd) group by license
)
-- @suspects
select license, psd from prepaid_sets
join (select license, spent_mills > due_mills as is_beyond from accounts) as judged using (license)
semi join granted using (license, psd) where control_mills > paid_mills or is_beyond
-- @members of suspects
with judged as (
  select row_id, suspects.ascending_mills + coalesce(suspects.descending_mills, 0) as control_mills,
    suspects.ascending_mills + coalesce(suspects.descending_mills, 0) > paid_mills as is_beyond_set,
    suspects.ascending_mills = sets.spent_mills and accounts.spent_mills > due_mills as is_beyond_license
  from suspects semi join granted using (license, psd) join prepaid_sets as sets using (license, psd)
  join accounts using (license)
)
select row_id, '' as key,
  case when not is_beyond_license then 'set' when is_beyond_set then 'both' else 'license' end as why,
  control_mills as value
from judged where is_beyond_set or is_beyond_license
-- @findings
select members.license, members.psd, key, 'critical' as severity,
  concat_ws(' ',
    if(bool_or(why <> 'license'), format('PSD {} shows up to {} mills of credit under license {}, for which {} were paid, on {} scanned {}.',
      members.psd, max(value), members.license, max(paid_mills), count(*) filter (where why <> 'license'),
      if(count(*) filter (where why <> 'license') = 1, 'piece', 'pieces')), null),
    if(bool_or(why <> 'set'), format('The PSDs of license {} spent at least {} mills, and {} were paid.', members.license,
      max(accounts.spent_mills), max(due_mills)), null)) as detail
from members join prepaid_sets using (license, psd) join accounts using (license)
group by members.license, members.psd, key
