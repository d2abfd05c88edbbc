import { type Policy, PolicyError } from '../judge/default-policy.ts';
import { sealsOf } from '../store/audit/seals.ts';
import { asText } from '../store/values.ts';
import { type Connection, type DetectionStore, scalar } from './connection.ts';

/**
 * Findings and verdicts are known by the version of their policy: it must not stand for two of them.
 *
 * @throws PolicyError where another policy was used under the same version.
 */
export async function refuseOtherPolicy(connection: Connection, { version, digest }: Policy): Promise<void> {
  const known = await scalar(connection, `select digest from used_policy where version = ${version}`);
  if (known === null || asText(known) === digest) return;
  throw new PolicyError(
    `another policy was used here as version ${version}: raise the version of the one that changed`,
  );
}

/** False where it was used before. Joins an open transaction. */
export async function noteUse(connection: Connection, { version, digest }: Policy): Promise<boolean> {
  const noted = await connection.run(`insert into used_policy select ${version}, '${digest}'
    where not exists (from used_policy where version = ${version})`);
  return noted.rowsChanged > 0;
}

/** The same, as a transaction of its own. */
export function usePolicy(store: Pick<DetectionStore, 'connection' | 'transaction'>, policy: Policy): Promise<void> {
  const { connection } = store;
  return store.transaction(async () => {
    if (!(await noteUse(connection, policy))) return null;
    const { version, digest } = policy;
    return { event: 'policy-used', detail: { version, digest }, seals: await sealsOf(connection, ['used_policy']) };
  });
}
