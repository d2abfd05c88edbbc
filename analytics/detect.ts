import type { Connection, DetectionStore } from './detection/connection.ts';
import { scalar } from './detection/connection.ts';
import { DETECTORS_DIGEST } from './detection/detector-file.ts';
import { forgetEvidence, prepareEvidence } from './detection/fresh-evidence.ts';
import { nameScans } from './detection/name-scans.ts';
import { reviseVerdicts } from './detection/revise-verdicts.ts';
import { clearState, rowsLike, type SumChange } from './detection/state-tables.ts';
import { noteUse, refuseOtherPolicy } from './detection/used-policy.ts';
import { FRESH_ROWS_OF_ONE_THREAD_MAX } from './limits.ts';
import { DEFAULT_POLICY, type Policy } from './policy-file.ts';
import { OUTSIDER_SCORE } from './store/case-views.ts';
import { DETECTION_SEALS, NO_ROWS, type Seals, sealsOf, sumAfter, sumFrom, sumOf, sumText } from './store/seals.ts';
import { asBigint, asInteger, asText } from './store/values.ts';

/**
 * Runs every detector over what is new since the last time, and over the older marks of the register sets, pieces and
 * licenses that it touches; returns how many findings there are. Another registry, policy or program makes everything
 * new. The findings are those of a run over all the evidence, whatever the order and the batches it came in.
 *
 * `isAlone` where nothing else is done to the file meanwhile.
 *
 * @throws PolicyError where another policy was used under the same version.
 */
export async function detect(
  store: DetectionStore,
  policy: Policy = DEFAULT_POLICY,
  { isAlone = true }: { readonly isAlone?: boolean } = {},
): Promise<number> {
  const { connection } = store;
  const look = () =>
    store.transaction(async () => {
      await refuseOtherPolicy(connection, policy);
      const isNewPolicy = await noteUse(connection, policy);
      const done = await findAll(store, policy);
      if (done === null && !isNewPolicy) return null;
      const detail = { policyVersion: policy.version, rows: done === null ? null : `${done.lastRow}` };
      return { event: 'detected', detail, seals: await sealsAfter(store, done) };
    });
  await (isAlone ? inFewThreads(connection, policy, look) : look());
  return asInteger(await scalar(connection, 'select count(*) from finding'));
}

/**
 * The setting is of the whole file, and threads that end may have to wait for what they do: only where nothing runs beside.
 * Set outside the transaction: one that failed takes no statement any more.
 */
async function inFewThreads(connection: Connection, policy: Policy, look: () => Promise<void>): Promise<void> {
  const afterRow = await lookedAtRow(connection, await basisOf(connection, policy));
  const lastRow = await scalar(connection, 'select coalesce(max(row_id), 0) from scans');
  if (asBigint(lastRow) - (afterRow ?? 0n) > FRESH_ROWS_OF_ONE_THREAD_MAX) return look();
  await connection.run('set threads = 1');
  try {
    await look();
  } finally {
    await connection.run('reset threads');
  }
}

/** The registry, policy and program that findings were made by, as values of SQL. */
async function basisOf(connection: Connection, policy: Policy): Promise<string> {
  const registryDigest = asText(await scalar(connection, "select coalesce(max(digest), '') from registry_version"));
  return `'${registryDigest.replaceAll("'", "''")}', '${policy.digest}', '${DETECTORS_DIGEST}'`;
}

/** The last row that was looked at by these; null where all is to be looked at anew. */
async function lookedAtRow(connection: Connection, basis: string): Promise<bigint | null> {
  const known = await scalar(
    connection,
    `select row_id from detector_state
     where (registry_digest, policy_digest, detectors_digest) = (${basis})`,
  );
  return known === null ? null : asBigint(known);
}

/** What a look of the detectors did to the tables whose digests are kept by what comes and goes. */
export interface Look {
  readonly lastRow: bigint;
  /** They were emptied first. */
  readonly isAnew: boolean;
  readonly changes: ReadonlyMap<string, SumChange>;
}

async function sealsAfter({ connection, seals }: DetectionStore, look: Look | null): Promise<Seals> {
  const after = new Map(await sealsOf(connection, DETECTION_SEALS));
  for (const [table, { added, removed }] of look?.changes ?? []) {
    const before = seals.get(table);
    const base = look?.isAnew || before === undefined ? NO_ROWS : sumFrom(before);
    after.set(table, sumText(sumAfter(base, added, removed)));
  }
  return after;
}

/** The same, within a transaction that is open already; null where nothing is new. */
export async function findAll(
  { connection }: Pick<DetectionStore, 'connection'>,
  policy: Policy,
): Promise<Look | null> {
  const basis = await basisOf(connection, policy);
  const known = await lookedAtRow(connection, basis);
  const lastRow = asBigint(await scalar(connection, 'select coalesce(max(row_id), 0) from scans'));
  const afterRow = known ?? 0n;
  if (known === null) await startAnew(connection);
  else await connection.run('create or replace temp table forgotten_rows (row_id bigint)');
  // The newest rows may have left for an archive: what they said is in the state already.
  if (known !== null && lastRow <= afterRow) return null;
  const changes = await prepareEvidence(connection, { afterRow, lastRow });
  await nameScans(connection, { afterRow, lastRow }, policy);
  await reviseVerdicts(connection, policy);
  await connection.run('delete from severity_score');
  for (const [severity, score] of Object.entries(policy.severityScores)) {
    await connection.run(`insert into severity_score values ('${severity}', ${score})`);
  }
  await connection.run(`insert into severity_score values ('${OUTSIDER_SCORE}', ${policy.outsiderScoreMax})`);
  await connection.run('delete from detector_state');
  await connection.run(`insert into detector_state values (${lastRow}, ${basis})`);
  const added = await sumOf(connection, rowsLike('suspect_scan', 'from added_suspects'));
  await forgetEvidence(connection);
  return {
    lastRow,
    isAnew: known === null,
    changes: new Map([...changes, ['suspect_scan', { added, removed: NO_ROWS }]]),
  };
}

async function startAnew(connection: Connection): Promise<void> {
  await clearState(connection);
  await connection.run('create or replace temp table forgotten_rows as select distinct row_id from named_scan');
  for (const table of ['suspect_set', 'suspect_scan', 'named_scan', 'held_scan', 'plant_doubt', 'finding'])
    await connection.run(`delete from ${table}`);
}
