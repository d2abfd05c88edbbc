import type { Policy } from '../judge/default-policy.ts';
import { asBoolean, asTextsOrNull } from '../store/values.ts';
import type { Connection } from './connection.ts';
import { type Detector, detectorsBy, namesOf } from './detector-file.ts';
import type { FreshRows } from './fresh-evidence.ts';
import { insertFindings, judgeScans, type Known } from './judge-scans.ts';
import { doubtPlants, judgePlants, repeatAnew } from './plant-doubts.ts';
import { collectSuspects } from './suspects.ts';

/** Runs every detector over what `prepareEvidence` prepared; `changed_rows` then holds the scans it was about. */
export async function nameScans(connection: Connection, rows: FreshRows, policy: Policy): Promise<void> {
  const detectors = detectorsBy(policy);
  await doubtPlants(connection, detectors, policy);
  await repeatAnew(connection, rows);
  await connection.run('create or replace temp table suspected (license bigint, psd varchar)');
  for (const { suspects } of detectors) {
    if (suspects === null) continue;
    await connection.run(`insert into suspected select license, psd from (${suspects}\n)`);
  }
  await collectSuspects(connection, rows);
  const known = await knownOf(connection);
  const ofPlants = detectors.filter(({ isAboutPlants }) => isAboutPlants);
  const ofLicenses = detectors.filter(({ isAboutPlants, members }) => !isAboutPlants && members === null);
  await judgePlants(connection, ofPlants, policy);
  await judgeLicenses(connection, ofLicenses, policy);
  await judgeScans(connection, detectors, policy, known);
}

/** In one statement: each takes as long as its planning, whatever it reads. */
async function knownOf(connection: Connection): Promise<Known> {
  const result = await connection.runAndReadAll(`
    select (select count(*) = 0 from repeats), (select count(*) = 0 from suspects), (select count(*) > 0 from changed_doubts),
      (select list(distinct kind) from named_scan), (select list(distinct kind) from held_scan),
      (select list(distinct kind) from plant_doubt)`);
  const [noRepeats, noSuspects, isDoubtChanged, named, held, doubted] = result.getRows()[0] ?? [];
  return {
    isEmpty: { fresh: false, repeats: asBoolean(noRepeats), seen: false, suspects: asBoolean(noSuspects) },
    isDoubtChanged: asBoolean(isDoubtChanged),
    named: new Set(asTextsOrNull(named)),
    held: new Set(asTextsOrNull(held)),
    doubted: new Set(asTextsOrNull(doubted)),
  };
}

/** Findings of counts: made anew for every license with new marks. */
async function judgeLicenses(connection: Connection, detectors: readonly Detector[], policy: Policy): Promise<void> {
  await connection.run(`delete from finding using touched_licenses as touched
    where finding.kind in (${namesOf(detectors)}) and finding.license = touched.license`);
  for (const { name, findings } of detectors) await connection.run(insertFindings(name, findings, policy));
}
