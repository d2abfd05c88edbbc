import { type Policy, PolicyError } from '../policy-file.ts';
import { asText } from '../store/values.ts';
import { type Connection, scalar } from './connection.ts';

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

export async function noteUse(connection: Connection, { version, digest }: Policy): Promise<void> {
  await connection.run(`insert into used_policy select ${version}, '${digest}'
    where not exists (from used_policy where version = ${version})`);
}
