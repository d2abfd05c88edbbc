import type { Policy } from '../judge/default-policy.ts';
import { asText } from '../store/values.ts';
import { type Connection, tableOf } from './connection.ts';
import { type Detector, type MemberSource, namesOf } from './detector-file.ts';
import { type Doubts, holdBack } from './held-scans.ts';

/** What is known before scans are named. */
export interface Known extends Doubts {
  /** Sources that hold nothing: to plan the statement of a detector takes longer than to run it over nothing. */
  readonly isEmpty: Readonly<Record<MemberSource, boolean>>;
  readonly isDoubtChanged: boolean;
  /** Kinds of which scans were named before. */
  readonly named: ReadonlySet<string>;
}

/** A detector that names scans. */
type Naming = Detector & { readonly members: NonNullable<Detector['members']> };

/**
 * Findings that name scans: these are brought up to date first, and then what is said of them. Beyond picking the scans and telling
 * of them, each step is one statement for all detectors: one for each takes 2 ms apiece, hundreds in a look at a few scans.
 */
export async function judgeScans(
  connection: Connection,
  detectors: readonly Detector[],
  policy: Policy,
  known: Known,
): Promise<void> {
  await connection.run(
    'create or replace temp table changed_rows (kind varchar, row_id bigint, license bigint, psd varchar, key varchar)',
  );
  const naming = detectors.filter(isNaming).filter(({ members }) => !known.isEmpty[members.source]);
  const active: Naming[] = [];
  // Some look at what others named.
  for (const isSecond of [false, true]) {
    const stage = naming.filter(({ members }) => members.sql.includes('named_scan') === isSecond);
    const picking = await pickScans(connection, stage, known);
    await nameAnew(connection, picking, known);
    active.push(...picking);
  }
  await holdBack(connection, active, known);
  await tellOfScans(connection, active, policy);
}

function isNaming(detector: Detector): detector is Naming {
  return detector.members !== null;
}

/** `picked` then holds the scans that detectors name now; gives the detectors that have something to change. */
async function pickScans(connection: Connection, detectors: readonly Naming[], known: Known): Promise<Naming[]> {
  await connection.run(
    'create or replace temp table picked (kind varchar, row_id bigint, key varchar, why varchar, value bigint)',
  );
  const changing: Naming[] = [];
  for (const detector of detectors) {
    const { name, members, exonerated, restsOn } = detector;
    const { rowsChanged } = await connection.run(
      `insert into picked select '${name}', row_id, key, why, value from (${members.sql}\n)`,
    );
    const isKnown = known.named.has(name) || known.held.has(name);
    const mayMove = exonerated !== null || (restsOn !== null && known.isDoubtChanged);
    if (rowsChanged > 0 || (isKnown && (members.source !== 'fresh' || mayMove))) changing.push(detector);
  }
  return changing;
}

/** Which scans that are named already are looked at anew, by where a detector finds them; none where it is not given. */
const JUDGED_ANEW: Partial<Record<MemberSource, string>> = {
  repeats: 'row_id in (select row_id from repeats)',
  seen: 'row_id in (select row_id from repeats)',
  suspects: '(license, psd) in (select (license, psd) from looked_at)',
};

/** Names what was picked in place of what was named of it before. */
async function nameAnew(connection: Connection, detectors: readonly Naming[], known: Known): Promise<void> {
  if (detectors.length === 0) return;
  const bySource = Object.entries(Object.groupBy(detectors, ({ members }) => members.source));
  const found = bySource.map(
    ([source, its]) => `
      select kind, license, psd, picked.key, row_id, scan_id, scanned_at, mailpiece_id, plant, picked.why, picked.value,
        scan_digest, brought_by
      from (from picked where kind in (${namesOf(its)})) as picked join ${source} using (row_id)`,
  );
  await connection.run(`create or replace temp table found as ${found.join(' union all ')}`);
  await connection.run('insert into changed_rows select kind, row_id, license, psd, key from found');
  const isNamed = ({ name }: Naming) => known.named.has(name);
  const dropped = judgedAnew(detectors.filter(isNamed)).map(
    (where) => `select kind, row_id, license, psd, key from named_scan where ${where}`,
  );
  if (dropped.length > 0 && (await tableOf(connection, 'dropped', dropped.join(' union all '))) > 0n) {
    await connection.run('insert into changed_rows from dropped');
    await connection.run(
      'delete from named_scan using dropped where named_scan.kind = dropped.kind and named_scan.row_id = dropped.row_id',
    );
  }
  const isHeld = ({ name }: Naming) => known.held.has(name);
  for (const where of judgedAnew(detectors.filter(isHeld))) {
    await connection.run(`delete from held_scan where ${where}`);
  }
  await connection.run('insert into named_scan by name from found');
}

/** A condition for each source of these detectors that has older scans. */
function judgedAnew(detectors: readonly Naming[]): string[] {
  return Object.entries(JUDGED_ANEW).flatMap(([source, where]) => {
    const its = detectors.filter(({ members }) => members.source === source);
    return its.length === 0 ? [] : [`kind in (${namesOf(its)}) and ${where}`];
  });
}

/** Tells anew of all that scans came to or went from. */
async function tellOfScans(connection: Connection, detectors: readonly Naming[], policy: Policy): Promise<void> {
  const affected = await tableOf(connection, 'affected', 'select distinct kind, license, psd, key from changed_rows');
  if (affected === 0n) return;
  await connection.run(`delete from finding using affected
    where finding.kind = affected.kind and finding.license = affected.license and finding.psd = affected.psd
      and finding.key = affected.key`);
  await connection.run(`create or replace temp table members_of_all as
    from named_scan semi join affected using (kind, license, psd, key)`);
  const result = await connection.runAndReadAll('select distinct kind from members_of_all');
  const kinds = new Set(result.getRows().map(([kind]) => asText(kind)));
  for (const { name, findings } of detectors.filter((detector) => kinds.has(detector.name))) {
    await connection.run(
      insertFindings(name, `with members as (from members_of_all where kind = '${name}') from (${findings}\n)`, policy),
    );
  }
}

export function insertFindings(name: string, findings: string, policy: Policy): string {
  return `insert into finding by name
    select '${name}' as kind, license, psd, key, severity, detail, ${policy.version} as policy_version
    from (${findings}\n)`;
}
