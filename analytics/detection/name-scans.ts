import type { Policy } from '../judge/default-policy.ts';
import { asText } from '../store/values.ts';
import { type Connection, scalar, tableOf } from './connection.ts';
import { DETECTORS, type Detector, type MemberSource } from './detector-file.ts';
import type { FreshRows } from './fresh-evidence.ts';
import { holdBack } from './held-scans.ts';
import { doubtPlants, judgePlants, repeatAnew } from './plant-doubts.ts';
import { collectSuspects } from './suspects.ts';

/** Runs every detector over what `prepareEvidence` prepared; `changed_rows` then holds the scans it was about. */
export async function nameScans(connection: Connection, rows: FreshRows, policy: Policy): Promise<void> {
  await connection.run('create or replace temp table changed_rows (row_id bigint)');
  await doubtPlants(connection, (detector) => setParameters(connection, detector, policy));
  await repeatAnew(connection, rows);
  await connection.run('create or replace temp table suspected (license bigint, psd varchar)');
  for (const detector of DETECTORS) {
    if (detector.suspects === null) continue;
    await setParameters(connection, detector, policy);
    await connection.run(`insert into suspected select license, psd from (${detector.suspects}\n)`);
  }
  await collectSuspects(connection, rows);
  const isEmpty: Record<MemberSource, boolean> = { fresh: false, repeats: false, seen: false, suspects: false };
  for (const source of ['repeats', 'suspects'] as const) {
    isEmpty[source] = (await scalar(connection, `select count(*) = 0 from ${source}`)) === true;
  }
  const named = await connection.runAndReadAll('select kind from named_scan union select kind from held_scan');
  const namedKinds = new Set(named.getRows().map(([kind]) => asText(kind)));
  const isDoubtChanged = (await scalar(connection, 'select count(*) > 0 from changed_doubts')) === true;
  for (const detector of DETECTORS) {
    if (detector.isAboutPlants) {
      await setParameters(connection, detector, policy);
      await judgePlants(connection, detector, policy);
      continue;
    }
    // To plan the statements of a detector takes longer than to run them over nothing.
    if (detector.members !== null && isEmpty[detector.members.source]) continue;
    await setParameters(connection, detector, policy);
    if (detector.members === null) await judgeLicenses(connection, detector, policy);
    else {
      const isNamed = namedKinds.has(detector.name);
      await judgeScans(connection, detector, detector.members, policy, { isNamed, isDoubtChanged });
    }
  }
}

/** A finding of counts: made anew for every license with new marks. */
async function judgeLicenses(connection: Connection, { name, findings }: Detector, policy: Policy): Promise<void> {
  await connection.run(
    `delete from finding using touched_licenses as touched where kind = '${name}' and finding.license = touched.license`,
  );
  await connection.run(insertFindings(name, findings, policy));
}

/**
 * A finding that names scans: they are brought up to date first, and then what is said of them. `isNamed` says that scans of its
 * kind were named or held back before.
 */
async function judgeScans(
  connection: Connection,
  detector: Detector,
  { source, sql }: NonNullable<Detector['members']>,
  policy: Policy,
  { isNamed, isDoubtChanged }: { readonly isNamed: boolean; readonly isDoubtChanged: boolean },
): Promise<void> {
  const { name, exonerated, findings, restsOn } = detector;
  const picked = await tableOf(connection, 'picked', sql);
  const mayMove = exonerated !== null || (restsOn !== null && isDoubtChanged);
  if (picked === 0n && (!isNamed || (source === 'fresh' && !mayMove))) return;
  await connection.run(`create or replace temp table dropped as
    select row_id, license, psd, key from named_scan where kind = '${name}' and ${JUDGED_ANEW[source]}`);
  await connection.run(`create or replace temp table found as
    select license, psd, picked.key, row_id, scan_id, scanned_at, mailpiece_id, plant, picked.why, picked.value,
      scan_digest, brought_by
    from ${source} join picked using (row_id)`);
  await connection.run(
    `delete from named_scan using dropped where kind = '${name}' and named_scan.row_id = dropped.row_id`,
  );
  if (restsOn !== null || exonerated !== null) {
    await connection.run(`delete from held_scan where kind = '${name}' and ${JUDGED_ANEW[source]}`);
  }
  await connection.run(`insert into named_scan
    select '${name}', license, psd, key, row_id, scan_id, scanned_at, mailpiece_id, plant, why, value, scan_digest, brought_by
    from found`);
  await holdBack(connection, detector);
  const keys = 'select license, psd, key from dropped union select license, psd, key from found';
  if ((await tableOf(connection, 'affected', keys)) === 0n) return;
  await connection.run('insert into changed_rows select row_id from dropped union select row_id from found');
  await connection.run(`delete from finding using affected
    where kind = '${name}' and finding.license = affected.license and finding.psd = affected.psd
      and finding.key = affected.key`);
  await connection.run(`create or replace temp table members as
    from named_scan semi join affected using (license, psd, key) where kind = '${name}'`);
  await connection.run(insertFindings(name, findings, policy));
}

/** Which scans that are named already are looked at anew, by where a detector finds them. */
const JUDGED_ANEW: Record<MemberSource, string> = {
  fresh: 'false',
  repeats: 'row_id in (select row_id from repeats)',
  seen: 'row_id in (select row_id from repeats)',
  suspects: '(license, psd) in (select (license, psd) from looked_at)',
};

function insertFindings(name: string, findings: string, policy: Policy): string {
  return `insert into finding by name
    select '${name}' as kind, license, psd, key, severity, detail, ${policy.version} as policy_version
    from (${findings}\n)`;
}

/** What getvariable('name') gives in the files of the detectors. */
async function setParameters(connection: Connection, { name }: Detector, policy: Policy): Promise<void> {
  for (const [parameter, value] of Object.entries(policy.parameters[name] ?? {})) {
    await connection.run(`set variable ${parameter} = ${value}`);
  }
}
