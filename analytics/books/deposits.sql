-- Where each piece was handed in: the plant of its first origin scan. That plant sorts for the town of the license, and
--   the piece counts as handed in there; or it does not, and the piece counts for the plant. Unplaced, and with its own
--   town as long as nothing shows another: no origin scan, a plant that the registry does not list, or a license whose
--   town is served by no listed plant.
select marks.*, licenses.town, licenses.deposit_postcode,
  case
    when origin_plant is null or homes.plants is null or origin_plant not in (select plant from plants) then 'unplaced'
    when list_contains(homes.plants, origin_plant) then 'home'
    else 'elsewhere'
  end as handed_in
from marks
left join licenses using (license)
left join (select postcode, list(plant) as plants from plants group by postcode) as homes
  on homes.postcode = licenses.deposit_postcode
