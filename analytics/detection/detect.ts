import { DEFAULT_POLICY, type Policy } from '../judge/default-policy.ts';
import { FRESH_ROWS_OF_ONE_THREAD_MAX } from '../limits.ts';
import {
  DETECTION_SEALS,
  NO_ROWS,
  type Seals,
  sealsOf,
  sumAfter,
  sumFrom,
  sumOf,
  sumText,
} from '../store/audit/seals.ts';
import { OUTSIDER_SCORE } from '../store/schema/case-views.ts';
import { asBigint, asInteger, asText } from '../store/values.ts';
import { type DetectionStore, scalar } from './connection.ts';
import { DETECTORS_DIGEST } from './detector-file.ts';
import { forgetEvidence, prepareEvidence } from './fresh-evidence.ts';
import { nameScans } from './name-scans.ts';
import { reviseVerdicts } from './revise-verdicts.ts';
import { clearState, rowsLike, type SumChange } from './state-tables.ts';
import { noteUse, refuseOtherPolicy } from './used-policy.ts';

/**
 * Runs every detector over what is new since the last time, and over the older marks of the register sets, pieces and
 * licenses that it touches; returns how many findings there are. Another registry, policy or program makes everything
 * new. The findings are those of a run over all the evidence, in any order and batches.
 *
 * `isAlone` says that nothing else uses the file: a look at few rows may then set the number of threads, which is a setting of the
 * whole file, and DuckDB waits for the threads that it ends.
 *
 * @throws PolicyError where another policy was used under the same version.
 */
export async function detect(
  store: DetectionStore,
  policy: Policy = DEFAULT_POLICY,
  { isAlone = true }: { readonly isAlone?: boolean } = {},
): Promise<number> {
  const { connection } = store;
  try {
    await store.transaction(async () => {
      await refuseOtherPolicy(connection, policy);
      const isNewPolicy = await noteUse(connection, policy);
      const look = await findAll(store, policy, { isAlone });
      if (look === null && !isNewPolicy) return null;
      const detail = { policyVersion: policy.version, rows: look === null ? null : `${look.lastRow}` };
      return { event: 'detected', detail, seals: await sealsAfter(store, look) };
    });
  } finally {
    // Outside the transaction: one that failed takes no more statements.
    if (isAlone) await connection.run('reset threads');
  }
  return asInteger(await scalar(connection, 'select count(*) from finding'));
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
  { isAlone = false }: { readonly isAlone?: boolean } = {},
): Promise<Look | null> {
  const registryDigest = asText(await scalar(connection, "select coalesce(max(digest), '') from registry_version"));
  const basis = `'${registryDigest.replaceAll("'", "''")}', '${policy.digest}', '${DETECTORS_DIGEST}'`;
  const known = await scalar(
    connection,
    `select row_id from detector_state
     where (registry_digest, policy_digest, detectors_digest) = (${basis})`,
  );
  const lastRow = asBigint(await scalar(connection, 'select coalesce(max(row_id), 0) from scans'));
  const afterRow = known === null ? 0n : asBigint(known);
  if (known === null) await startAnew(connection);
  else await connection.run('create or replace temp table forgotten_rows (row_id bigint)');
  // The newest rows may have left for an archive: what they said is in the state already.
  if (known !== null && lastRow <= afterRow) return null;
  if (isAlone && lastRow - afterRow <= FRESH_ROWS_OF_ONE_THREAD_MAX) await connection.run('set threads = 1');
  const changes = await prepareEvidence(connection, { afterRow, lastRow });
  await nameScans(connection, { afterRow, lastRow }, policy);
  await reviseVerdicts(connection, policy);
  await connection.run('delete from severity_score');
  const scores = [...Object.entries(policy.severityScores), [OUTSIDER_SCORE, policy.outsiderScoreMax] as const];
  const rows = scores.map(([severity, score]) => `('${severity}', ${score})`);
  await connection.run(`insert into severity_score values ${rows.join(', ')}`);
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

async function startAnew(connection: DetectionStore['connection']): Promise<void> {
  await clearState(connection);
  await connection.run('create or replace temp table forgotten_rows as select distinct row_id from named_scan');
  for (const table of ['suspect_set', 'suspect_scan', 'named_scan', 'held_scan', 'plant_doubt', 'finding'])
    await connection.run(`delete from ${table}`);
}
