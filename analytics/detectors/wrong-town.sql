-- Proves: mail was deposited outside the town for which its license was granted: the mark names another postcode of
--   deposit than the license, or the piece entered the mail (pass 'origin') at a plant that sorts other towns' mail.
-- Cannot: tell fraud from convenience, or from a collection truck that was sent to another plant that evening: many
--   scans of many licenses on one day point to the truck. Sees nothing of a plant where several towns' mail is sorted.
-- Thresholds: none. The second part is silent for plants that the registry does not list, and for licenses whose
--   postcode it lists with no plant. Later passes may be anywhere.
with homes as (
  select licenses.license, licenses.deposit_postcode, list(plant) filter (where plant is not null) as plants
  from licenses left join plants on plants.postcode = licenses.deposit_postcode
  group by licenses.license, licenses.deposit_postcode
),
deposited as (
  select row_id, scan_id, license, psd, homes.deposit_postcode as home, plant,
    pieces.deposit_postcode <> homes.deposit_postcode as names_other_town,
    coalesce(
      pass = 'origin' and not list_contains(homes.plants, plant) and plant in (select plants.plant from plants),
      false) as entered_elsewhere
  from pieces join homes using (license)
  where genuine
)
select
  'wrong-town' as kind,
  'medium' as severity,
  license,
  psd,
  list(scan_id order by row_id) as scan_ids,
  format('Mail under license {} on PSD {} is to be deposited at {}: {} scanned pieces name another town, {} entered the mail at another plant.',
    license, psd, any_value(home), count(*) filter (where names_other_town), count(*) filter (where entered_elsewhere))
    as detail
from deposited
where names_other_town or entered_elsewhere
group by license, psd
