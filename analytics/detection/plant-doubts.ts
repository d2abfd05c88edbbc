import type { Policy } from '../policy-file.ts';
import type { Connection } from './connection.ts';
import { DETECTORS, type Detector } from './detector-file.ts';
import { SCAN_DAY_SQL } from './state-tables.ts';

/**
 * Brings `plant_doubt` up to date for `touched_days`: whose clock or scale is not to be believed on which day.
 * `changed_doubts` then holds the days of plants that are doubted now and were not, or were and are not; `doubted_days` all that are
 * doubted, with the scans of each.
 */
export async function doubtPlants(
  connection: Connection,
  setParameters: (detector: Detector) => Promise<void>,
): Promise<void> {
  await connection.run(
    'create or replace temp table doubts_before as from plant_doubt semi join touched_days using (day)',
  );
  await connection.run('delete from plant_doubt using touched_days where plant_doubt.day = touched_days.day');
  for (const detector of DETECTORS) {
    if (detector.doubts === null) continue;
    await setParameters(detector);
    await connection.run(`insert into plant_doubt by name
      select '${detector.name}' as kind, plant, day, estimate from (${detector.doubts}\n)`);
  }
  const now = 'from plant_doubt semi join touched_days using (day)';
  await connection.run(`create or replace temp table changed_doubts as
    select distinct kind, plant, day from (
      (from doubts_before except ${now}) union all (${now} except from doubts_before))`);
  await connection.run(`create or replace temp table doubted_days as
    select kind, plant, day, make_timestamp(day::bigint * 86400000000) as date, estimate, scans
    from plant_doubt join (
      select plant, day, sum(scans) as scans from plant_delay group by plant, day
    ) as volumes using (plant, day)`);
  await connection.run(`create or replace temp table plants_to_judge as
    select plant from touched_plants union select plant from changed_doubts`);
}

/** A finding about plants: made anew for each that has new scans, or whose clock or scale is seen otherwise than before. */
export async function judgePlants(connection: Connection, { name, findings }: Detector, policy: Policy): Promise<void> {
  await connection.run(
    `delete from finding using plants_to_judge as judged where kind = '${name}' and finding.plant = judged.plant`,
  );
  await connection.run(`insert into finding by name
    select '${name}' as kind, null::bigint as license, null::varchar as psd, key, severity, detail,
      ${policy.version} as policy_version, plant
    from (${findings}\n) semi join plants_to_judge using (plant)`);
}

/**
 * Holds scans back that a detector named by the word of a plant whose clock or scale is in doubt, and names again what is
 * in doubt no longer. `dropped` then holds what moved.
 */
export async function holdBack(connection: Connection, { name, restsOn }: Detector): Promise<void> {
  if (restsOn === null) return;
  const isDoubted = `(plant, ${SCAN_DAY_SQL}) in (select (plant, day) from plant_doubt where kind = '${restsOn.kind}')`;
  const holds = `kind = '${name}' and (${restsOn.condition}) and plant is not null and scanned_at is not null and ${isDoubted}`;
  await move(connection, 'held_scan', 'named_scan', `kind = '${name}' and not (${holds})`);
  await move(connection, 'named_scan', 'held_scan', holds);
}

async function move(connection: Connection, from: string, to: string, which: string): Promise<void> {
  await connection.run(`create or replace temp table moving as from ${from} where ${which}`);
  await connection.run(`delete from ${from} where ${which}`);
  await connection.run(`insert into ${to} from moving`);
  await connection.run('insert into dropped select row_id, license, psd, key from moving');
}
