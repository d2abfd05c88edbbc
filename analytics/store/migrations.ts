import { FINDING_MACROS_SQL, FINDING_TABLES_SQL } from './finding-schema.ts';
import { REGISTRY_TABLES_SQL } from './registry-schema.ts';
import { REGISTRY_TABLES } from './registry-tables.ts';
import { CHAIN_SQL } from './schema.ts';

/**
 * What brings the tables of a store from one version to the next. Views are dropped before and made anew after that,
 * and the evidence is linked to the chain (sealing.ts).
 */
export const MIGRATIONS: ReadonlyMap<number, string> = new Map([
  // Findings are found again by the next detection; what the registry said is kept as what its one list said.
  [
    3,
    `${CHAIN_SQL}
     alter table evidence add column policy_version bigint;
     drop table finding;
     alter table registry_version rename to earlier_version;
     ${REGISTRY_TABLES.map(({ table }) => `alter table ${table} rename to earlier_${table};`).join('\n')}
     ${REGISTRY_TABLES_SQL}
     ${FINDING_TABLES_SQL}
     ${FINDING_MACROS_SQL}
     insert into registry_version from earlier_version;
     insert into registry_list from earlier_version;
     ${REGISTRY_TABLES.map(
       ({ table }) => `insert into ${table} by name
       select *, (select version from earlier_version) as since_version from earlier_${table};
       drop table earlier_${table};`,
     ).join('\n')}
     drop table earlier_version;`,
  ],
]);
