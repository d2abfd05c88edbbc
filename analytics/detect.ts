import type { DetectionStore } from './detection/connection.ts';
import { scalar } from './detection/connection.ts';
import { DETECTORS_DIGEST } from './detection/detector-file.ts';
import { forgetEvidence, prepareEvidence } from './detection/fresh-evidence.ts';
import { nameScans } from './detection/name-scans.ts';
import { reviseVerdicts } from './detection/revise-verdicts.ts';
import { clearState } from './detection/state-tables.ts';
import { noteUse, refuseOtherPolicy } from './detection/used-policy.ts';
import { DEFAULT_POLICY, type Policy } from './policy-file.ts';
import { asBigint, asInteger, asText } from './store/values.ts';

/**
 * Runs every detector over what is new since the last time, and over the older marks of the register sets, pieces and
 * licenses that it touches; returns how many findings there are. Another registry, policy or program makes everything
 * new. The findings are those of a run over all the evidence, whatever the order and the batches it came in.
 *
 * @throws PolicyError where another policy was used under the same version.
 */
export async function detect(store: DetectionStore, policy: Policy = DEFAULT_POLICY): Promise<number> {
  const { connection } = store;
  await store.transaction(async () => {
    await refuseOtherPolicy(connection, policy);
    await noteUse(connection, policy);
    await findAll(store, policy);
  });
  return asInteger(await scalar(connection, 'select count(*) from finding'));
}

/** The same, within a transaction that is open already. */
export async function findAll({ connection }: Pick<DetectionStore, 'connection'>, policy: Policy): Promise<void> {
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
  if (known !== null && lastRow <= afterRow) return;
  await prepareEvidence(connection, { afterRow, lastRow });
  await nameScans(connection, { afterRow, lastRow }, policy);
  await reviseVerdicts(connection, policy);
  await connection.run('delete from severity_score');
  for (const [severity, score] of Object.entries(policy.severityScores)) {
    await connection.run(`insert into severity_score values ('${severity}', ${score})`);
  }
  await connection.run('delete from detector_state');
  await connection.run(`insert into detector_state values (${lastRow}, ${basis})`);
  await forgetEvidence(connection);
}

async function startAnew(connection: DetectionStore['connection']): Promise<void> {
  await clearState(connection);
  await connection.run('create or replace temp table forgotten_rows as select distinct row_id from named_scan');
  for (const table of ['suspect_set', 'suspect_scan', 'named_scan', 'finding'])
    await connection.run(`delete from ${table}`);
}
