import type { Guard } from './guard.ts';

const LOCKS = 'test/analytics/partition-locks.test.ts';

/** What holds where an owner of a partition is stopped, loses it, and wakes. */
export const STOPPED_OWNERS: readonly Guard[] = [
  {
    scenario: 'C12',
    holds: 'an owner of a copied store keeps its lock',
    file: 'analytics/partition/claim.ts',
    text: 'copy: copyApart,',
    without: "copy: async (from, to) => (await import('./copy-store.ts')).copyStore(from, to),",
    tests: [LOCKS],
  },
  {
    scenario: 'C12',
    holds: 'a store is open when its log is locked, too',
    file: 'analytics/store/opening.ts',
    text: 'await connection.run(LOGGED);',
    without: '',
    tests: [LOCKS],
  },
  {
    scenario: 'C12',
    holds: 'an owner with nothing to do notices that it was fenced',
    file: 'analytics/recorder/recorder-worker.ts',
    text: "if (order.kind === 'claim') lookForNewOwner(recorder);",
    without: '',
    tests: [LOCKS],
  },
  {
    scenario: 'C12',
    holds: 'a store that was lost is closed before this process may open it again',
    file: 'analytics/recorder/recorder-thread.ts',
    text: 'await this.#exited;\n      return false;',
    without: 'return false;',
    tests: [LOCKS],
  },
  {
    scenario: 'C12',
    holds: 'a log that another process has locked means a store that is open elsewhere',
    file: 'analytics/recorder/recorder.ts',
    text: 'if (isLockConflict(error) && this.#fence !== NO_FENCE) throw openingFailure(this.#path, error);',
    without: '',
    tests: [LOCKS],
  },
  {
    scenario: 'C12',
    holds: 'an audit of many links comes to the last',
    file: 'analytics/store/audit/audit-links.ts',
    text: 'for await (const link of storedLinks(links)) {',
    without: 'for await (const link of storedLinks(connection)) {',
    tests: ['test/analytics/whole-store.test.ts'],
  },
];
