import type { Guard } from './guard.ts';

const STATEMENTS = ['test/analytics/strangers-statements.test.ts'];
const PROCESSES = ['test/commands/safe-query.test.ts'];
const scenario = 'F12';

/** What a stranger's statement is held to. */
export const HOSTILE_QUERIES: readonly Guard[] = [
  {
    scenario,
    holds: 'a statement is looked at before it is asked',
    file: 'analytics/query-process/answer.ts',
    text: 'limits === null ? null : await store.refuseStatement(sql);',
    without: 'null;',
    tests: PROCESSES,
  },
  {
    scenario,
    holds: 'a name that a WITH defines is known only where it is in scope',
    file: 'analytics/store/untrusted/tree-check.ts',
    text: '{ ...scope, names: new Set(names) });',
    without: '{ ...scope, names: new Set(names).add(key.toLowerCase()) });',
    tests: STATEMENTS,
  },
  {
    scenario,
    holds: 'a field of a node that is not known is refused',
    file: 'analytics/store/untrusted/tree-check.ts',
    text: "part === undefined || part === 'empty' ?",
    without: "part === undefined ? null : part === 'empty' ?",
    tests: STATEMENTS,
  },
  {
    scenario,
    holds: 'the text that is looked at is the text that is asked',
    file: 'analytics/store/untrusted/statement-size.ts',
    text: "if (sql.includes('\\0')) return { code: 'syntax', message: 'a character of code 0 in the statement' };",
    without: '',
    tests: STATEMENTS,
  },
  {
    scenario,
    holds: 'there is no folder that a statement may write to',
    file: 'analytics/store/queries/queried-store.ts',
    text: "temp_directory: '',",
    without: '',
    tests: PROCESSES,
  },
  {
    scenario,
    holds: 'a process is killed at the deadline, no matter what it is doing',
    file: 'analytics/query-process/query-process.ts',
    text: "timer = setTimeout(() => kill('deadline'), deadlineMs);",
    without: '',
    tests: PROCESSES,
  },
  {
    scenario,
    holds: 'the system bounds the memory of a process',
    file: 'analytics/query-process/sandbox.ts',
    text: 'QUERY_PROCESS_DATA_MIB) * KIB_PER_MIB',
    without: 'QUERY_PROCESS_DATA_MIB) * KIB_PER_MIB * 1_000',
    tests: PROCESSES,
  },
];
