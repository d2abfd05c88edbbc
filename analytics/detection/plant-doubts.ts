import type { Policy } from '../judge/default-policy.ts';
import { asBigint } from '../store/values.ts';
import { type Connection, scalar } from './connection.ts';
import { type Detector, namesOf, withParameters } from './detector-file.ts';
import type { FreshRows } from './fresh-evidence.ts';
import { REPEATED_COLUMNS } from './mark-columns.ts';
import { SCAN_DAY_SQL } from './state-tables.ts';

/** Days between a day of a plant that has too few scans to be judged and the one that it goes by: a wrong scale stays wrong. */
const THIN_DAYS_AWAY_MAX = 120;

/**
 * Brings `plant_doubt` up to date for `touched_days`: whose clock or scale is not to be believed on which day.
 * `changed_doubts` then holds the days of plants that are doubted now and were not, or were and are not; `doubted_days` all that
 * were judged so, with the scans of each.
 */
export async function doubtPlants(
  connection: Connection,
  detectors: readonly Detector[],
  policy: Policy,
): Promise<void> {
  await connection.run('create or replace temp table doubts_before as from plant_doubt');
  await connection.run('delete from plant_doubt where not judged or day in (select day from touched_days)');
  for (const detector of detectors) {
    if (detector.doubts === null) continue;
    await connection.run(`insert into plant_doubt by name
      select '${detector.name}' as kind, plant, day, estimate, true as judged from (${detector.doubts.sql}\n)`);
    const doubted = await scalar(connection, `select count(*) from plant_doubt where kind = '${detector.name}'`);
    if (asBigint(doubted) === 0n) continue;
    const thin = withParameters(thinDays(detector.name, detector.doubts.sums), detector, policy);
    await connection.run(`insert into plant_doubt by name ${thin}`);
  }
  await connection.run(`create or replace temp table changed_doubts as ${changedIn('kind, plant, day')}`);
  await connection.run(`create or replace temp table doubted_days as
    select kind, plant, day, make_timestamp(day::bigint * 86400000000) as date, estimate, scans
    from (from plant_doubt where judged) join (
      select plant, day, sum(scans) as scans from plant_delay group by plant, day
    ) as volumes using (plant, day)`);
  await connection.run(`create or replace temp table plants_to_judge as
    select plant from touched_plants union select plant from (${changedIn('*')})`);
  await connection.run(`create or replace temp view trusted_repeats as ${TRUSTED_REPEATS}`);
}

/** What came to the doubts or went from them. */
function changedIn(columns: string): string {
  const [before, now] = [`select ${columns} from doubts_before`, `select ${columns} from plant_doubt`];
  return `select distinct * from ((${before} except ${now}) union all (${now} except ${before}))`;
}

/** Whether a scan is of a plant and a day of which that is doubted. */
export const isDoubtedSql = (kind: string) =>
  `(plant, ${SCAN_DAY_SQL}) in (select (plant, day) from plant_doubt where kind = '${kind}')`;

/** `repeats` without the times of clocks and the weights of scales that are in doubt: neither proves what a piece did. */
const TRUSTED_REPEATS = `select * replace (
    if(coalesce(${isDoubtedSql('plant-clock')}, false), null, half_hour) as half_hour,
    if(coalesce(${isDoubtedSql('plant-scale')}, false), null, known_grams) as known_grams)
  from repeats`;

/**
 * Pieces that a plant saw on days of which it is believed now and was not, or the other way round, are looked at again; but not
 * of sets of which named scans have left for an archive, since what is left of a piece may say less than all of it did.
 */
export async function repeatAnew(connection: Connection, { lastRow }: FreshRows): Promise<void> {
  if ((await scalar(connection, 'select count(*) > 0 from changed_doubts')) !== true) return;
  const upTo = `genuine and row_id <= ${lastRow}`;
  await connection.run(`insert into repeats
    with archived as (
      select license, psd from named_scan where row_id not in (select row_id from evidence)
    ),
    touched as (
      select distinct license, psd, piece_count from pieces anti join archived using (license, psd)
      join changed_doubts on pieces.plant = changed_doubts.plant and ${SCAN_DAY_SQL} = changed_doubts.day where ${upTo}
    )
    select ${REPEATED_COLUMNS} from (
      from pieces semi join touched using (license, psd, piece_count) where ${upTo}
      qualify count(*) over (partition by license, psd, piece_count) > 1
    ) anti join repeats using (row_id)`);
}

/** Days with too little to be judged by go by the nearest that is judged, the earlier of two. */
function thinDays(kind: string, sums: string): string {
  return `
  with doubted as (select plant, day, estimate from plant_doubt where kind = '${kind}'),
  days as (
    select plant, day, count(distinct license) >= getvariable('licensesMin') and sum(scans) >= getvariable('scansMin')
      or (plant, day) in (select (plant, day) from doubted) as is_judged
    from ${sums} semi join doubted using (plant) group by plant, day
  ),
  nearest as (
    select thin.plant, thin.day, arg_min(judged.day, (abs(judged.day - thin.day), judged.day)) as judged_day
    from (from days where not is_judged) as thin join (from days where is_judged) as judged using (plant)
    where abs(judged.day - thin.day) <= ${THIN_DAYS_AWAY_MAX}
    group by thin.plant, thin.day
  )
  select '${kind}' as kind, nearest.plant, nearest.day, estimate, false as judged
  from nearest join doubted on doubted.plant = nearest.plant and doubted.day = judged_day`;
}

/** Findings about plants: made anew for each that has new scans, or whose clock or scale is seen otherwise than before. */
export async function judgePlants(
  connection: Connection,
  detectors: readonly Detector[],
  policy: Policy,
): Promise<void> {
  await connection.run(`delete from finding using plants_to_judge as judged
    where finding.kind in (${namesOf(detectors)}) and finding.plant = judged.plant`);
  for (const { name, findings } of detectors) {
    await connection.run(`insert into finding by name
      select '${name}' as kind, null::bigint as license, null::varchar as psd, key, severity, detail,
        ${policy.version} as policy_version, plant
      from (${findings}\n) semi join plants_to_judge using (plant)`);
  }
}
