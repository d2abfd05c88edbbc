import { FINDING_FROM_3_SQL, FINDING_FROM_4_SQL } from './finding-schema.ts';
import { REGISTRY_FROM_3_SQL } from './registry-schema.ts';
import { CHAIN_SQL } from './schema.ts';

/**
 * What brings the tables of a store from one version to the next. Views are dropped before and made anew after that,
 * and the evidence is linked to the chain (sealing.ts).
 */
export const MIGRATIONS: ReadonlyMap<number, string> = new Map([
  [
    3,
    `${CHAIN_SQL}
alter table evidence add column policy_version bigint;
${REGISTRY_FROM_3_SQL}
${FINDING_FROM_3_SQL}`,
  ],
  [
    4,
    `alter table evidence add column sender varchar;
alter table chain add column if not exists version integer;
update chain set version = 4;
${FINDING_FROM_4_SQL}`,
  ],
]);
