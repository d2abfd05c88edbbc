-- Proves: mail was deposited outside the town for which its license was granted: the mark names another postcode of
--   deposit than the license, or the piece entered the mail (pass 'origin') at a plant that sorts other towns' mail.
-- Cannot: tell fraud from convenience, or from a collection truck that was sent to another plant that evening: many
--   scans of many licenses on one day point to the truck. Sees nothing of a plant where several towns' mail is sorted.
-- Parameters: none. The second part is silent for plants that the registry does not list, and for licenses whose
--   postcode it lists with no plant. Later passes may be anywhere.
-- Marks that were or may have been copied are left out (copy, cloned-id, doubtful-path): the mailer of copies is not the
-- customer.
-- @members of fresh
with homes as (
  select licenses.license, licenses.deposit_postcode as home, list(plant) filter (where plant is not null) as plants
  from licenses left join plants on plants.postcode = licenses.deposit_postcode
  group by licenses.license, licenses.deposit_postcode
),
-- A town has few plants: what is the same for many pieces is decided once.
places as (
  select license, deposit_postcode, if(pass = 'origin', plant, null) as entered_at
  from fresh where genuine group by all
),
judged as (
  select places.*, deposit_postcode <> home as names_other_town,
    coalesce(
      not list_contains(homes.plants, entered_at) and entered_at in (select plants.plant from plants),
      false) as entered_elsewhere
  from places join homes using (license)
),
wrong as (
  select * from judged where names_other_town or entered_elsewhere
)
select fresh.row_id, '' as key,
  case when not entered_elsewhere then 'mark' when names_other_town then 'both' else 'plant' end as why, 0 as value
from fresh join wrong
  on wrong.license = fresh.license and wrong.deposit_postcode = fresh.deposit_postcode
  and wrong.entered_at is not distinct from if(fresh.pass = 'origin', fresh.plant, null)
where fresh.genuine
-- @exonerated
from copied_scans
-- @findings
select license, psd, key, 'medium' as severity,
  format('Mail under license {} on PSD {} is to be deposited at {}. Scanned pieces that name another town: {}; that entered the mail at another plant: {}.',
    license, psd, max(deposit_postcode), count(*) filter (where why <> 'plant'), count(*) filter (where why <> 'mark'))
    as detail
from members join licenses using (license) group by license, psd, key
