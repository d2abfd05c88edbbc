import { HOSTILE_FAIR } from './hostile-fair.ts';
import { HOSTILE_GATE } from './hostile-gate.ts';
import { HOSTILE_LINES } from './hostile-lines.ts';
import { HOSTILE_PATHS } from './hostile-paths.ts';
import { HOSTILE_PLANTS } from './hostile-plants.ts';
import { HOSTILE_STORE } from './hostile-store.ts';
import { HOSTILE_TRUST } from './hostile-trust.ts';
import { STOPPED_OWNERS } from './stopped-owners.ts';

/** One check of the product that a scenario rests on, how it is taken away, and the tests that must then fail. */
export interface Guard {
  /** Number of the scenario: B are repetitions and registers, C crashes and storage. */
  readonly scenario: string;
  /** What holds while the guard is there. */
  readonly holds: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly text: string;
  readonly without: string;
  /** Files of tests, one of which fails without the guard. */
  readonly tests: readonly string[];
}

const PIPELINE = 'test/pipeline.test.ts';
const SCENARIOS = 'test/analytics/scenarios.test.ts';
const INCREMENTAL = 'test/analytics/incremental.test.ts';
const WHOLE_STORE = 'test/analytics/whole-store.test.ts';
const DISK_FULL = 'test/analytics/disk-full.test.ts';
const KILL_LOOP = 'test/analytics/kill-loop.test.ts';
const CASES = 'test/analytics/cases.test.ts';
const PSD_TESTS = ['test/psd-sim/psd.test.ts', 'test/psd-sim/host.test.ts', 'test/psd-sim/patent-model.test.ts'];

export const GUARDS: readonly Guard[] = [
  {
    scenario: 'B1',
    holds: 'the same contents on another mailpiece are a copy',
    file: 'analytics/relation.ts',
    text: "return isOriginal(earlier, later, signedOf()) ? 'possible-copy' : 'copy';",
    without: 'return null;',
    tests: [SCENARIOS, 'test/analytics/sightings.test.ts'],
  },
  {
    scenario: 'B2',
    holds: 'what was recorded up to a position is not read again',
    file: 'analytics/store/store.ts',
    text: 'for (const [source, position] of moves) await this.#positions.set(source, position);',
    without: '',
    tests: [PIPELINE],
  },
  {
    scenario: 'B2',
    holds: 'a scan delivered again is answered as then, and written once',
    file: 'analytics/batch-judge.ts',
    text: 'const repeated = earlier?.answerTo(digest);',
    without: 'const repeated = earlier?.answerTo(digest ^ 1n);',
    tests: [PIPELINE],
  },
  {
    scenario: 'B3',
    holds: 'a scan id is known from whatever position it came before',
    file: 'analytics/known-scans.ts',
    text: 'if (this.#filter.note(readings, row)) rows.add(row);',
    without: 'this.#filter.note(readings, row);',
    tests: [PIPELINE],
  },
  {
    scenario: 'B3',
    holds: 'scan ids are known after a restart',
    file: 'analytics/rebuild.ts',
    text: 'known.noteAll(keys, rows);',
    without: '',
    tests: [PIPELINE],
  },
  {
    scenario: 'B4',
    holds: 'the same mailpiece scanned again is no copy',
    file: 'analytics/relation.ts',
    text: 'if (earlier.mailpiece === later.mailpiece) return null;',
    without: '',
    tests: ['test/analytics/sightings.test.ts'],
  },
  {
    scenario: 'B4',
    holds: 'a piece that moved on to another pass is not held against anyone',
    file: 'analytics/relation.ts',
    text: 'if (isPassKnown && !isSamePass) return null;\n  const',
    without: 'const',
    tests: ['test/analytics/sightings.test.ts', 'test/analytics/agreement.test.ts'],
  },
  {
    scenario: 'B5',
    holds: 'two contents of one counter are a fork at the gate',
    file: 'analytics/relation.ts',
    text: "if (earlier.content !== later.content) return 'fork';",
    without: '',
    tests: [SCENARIOS, 'test/analytics/sightings.test.ts'],
  },
  {
    scenario: 'B6',
    holds: 'a clone shows in the findings with the first counter that both used',
    file: 'analytics/detectors/fork.sql',
    text: 'having min(content_digest) <> max(content_digest)',
    without: 'having false',
    tests: [SCENARIOS],
  },
  {
    scenario: 'B6',
    holds: 'the findings about one device are one case',
    file: 'analytics/store/case-subjects.ts',
    text: "fork: { subject: 'psd',",
    without: "fork: { subject: 'marks',",
    tests: [CASES],
  },
  {
    scenario: 'B7',
    holds: 'a PSD refuses an old copy of its own register set',
    file: 'psd-sim/psd/moving.ts',
    text: "if (state.has('export-handle') && buried?.handle !== set.handle) return 'not-exported';",
    without: '',
    tests: PSD_TESTS,
  },
  {
    scenario: 'B7',
    holds: 'registers that run backwards with later dates are found',
    file: 'analytics/detectors/rollback.sql',
    text: "select license, psd, content_digest, 'order' as why from dated_marks where is_out_of_order",
    without: "select license, psd, content_digest, 'order' as why from dated_marks where false",
    tests: [SCENARIOS],
  },
  {
    scenario: 'B8',
    holds: 'a PSD takes back only the sets of its own',
    file: 'psd-sim/psd/moving.ts',
    text: "if (state.has('export-of-this-psd') && claimed.psd !== state.name) return 'other-psd';",
    without: '',
    tests: PSD_TESTS,
  },
  {
    scenario: 'B8',
    holds: 'marks that go on from a set that was withdrawn are found',
    file: 'analytics/detectors/rollback.sql',
    text: 'where dated_marks.piece_count > withdrawals.piece_count or epoch_ms(dated_marks.printed_at_ms) > withdrawn_at',
    without: 'where false',
    tests: ['test/analytics/rollback.test.ts'],
  },
  {
    scenario: 'B9',
    holds: 'a set that shows more credit than was paid is found',
    file: 'analytics/detectors/overspend.sql',
    text: 'from judged where is_beyond_set or is_beyond_license',
    without: 'from judged where is_beyond_license',
    tests: [SCENARIOS, 'test/analytics/overspend.test.ts'],
  },
  {
    scenario: 'B9',
    holds: 'an ascending register that did not rise by the postage is found',
    file: 'analytics/detectors/rollback.sql',
    text: "select license, psd, content_digest, 'step' from counted semi join by_step using (license, psd, piece_count)",
    without: "select license, psd, content_digest, 'step' from counted where false",
    tests: [SCENARIOS, 'test/analytics/rollback.test.ts'],
  },
  {
    scenario: 'B10',
    holds: 'mail that no camera saw accuses nobody',
    file: 'analytics/detectors/coverage.sql',
    text: "'information' as severity",
    without: "'high' as severity",
    tests: [SCENARIOS],
  },
  {
    scenario: 'B11',
    holds: 'the history of a set is looked at as soon as it becomes suspect',
    file: 'analytics/detection/suspects.ts',
    text: 'from pieces semi join new_suspects using (license, psd) where genuine',
    without: 'from pieces semi join new_suspects using (license, psd) where false',
    tests: [INCREMENTAL],
  },
  {
    scenario: 'B11',
    holds: 'another registry makes everything new',
    file: 'analytics/detect.ts',
    text: 'where (registry_digest, policy_digest, detectors_digest) =',
    without: "where (registry_digest, policy_digest, detectors_digest) <> ('', '', '') or true or ('', '', '') =",
    tests: [INCREMENTAL],
  },
  {
    scenario: 'B11',
    holds: 'batches that readers finish in any order are judged in the order of their source',
    file: 'pipeline.ts',
    text: '    await turn;\n    const readBatch',
    without: '    const readBatch',
    tests: [PIPELINE],
  },
  {
    scenario: 'B12',
    holds: 'piece counts of 64 bits are read whole',
    file: 'indicium/parse.ts',
    text: 'const pieceCount = bytes.readBigUInt64BE(FIELDS.pieceCount.offset);',
    without: 'const pieceCount = BigInt(Number(bytes.readBigUInt64BE(FIELDS.pieceCount.offset)));',
    tests: ['test/indicium/parse.test.ts'],
  },
  {
    scenario: 'B13',
    holds: 'a refill is applied once: its answer fits the last request alone',
    file: 'psd-sim/psd/reset.ts',
    text: "if (slot.set.challenge !== answer.challenge) return 'other-challenge';",
    without: '',
    tests: PSD_TESTS,
  },
  {
    scenario: 'B13',
    holds: 'a refill for another PSD is refused',
    file: 'psd-sim/psd/reset.ts',
    text: "if (state.has('refill-for-this-set') && answer.psd !== state.name) return 'other-psd';",
    without: '',
    tests: PSD_TESTS,
  },
  {
    scenario: 'C1',
    holds: 'evidence and source position are one transaction',
    file: 'analytics/store/commits.ts',
    text: "await connection.run('begin');\n      await this.#finish(connection, () => work(this.#end));",
    without:
      "await this.#finish(connection, async () => {\n        const end = await work(this.#end);\n        await connection.run('begin');\n        return end;\n      });",
    tests: [KILL_LOOP, DISK_FULL],
  },
  {
    scenario: 'C2',
    holds: 'nothing is answered before it is durable',
    file: 'analytics/recorder.ts',
    text: '    await this.#write(\n',
    without: '    void this.#write(\n',
    tests: [KILL_LOOP, DISK_FULL],
  },
  {
    scenario: 'C2',
    holds: 'batches after one that failed are not recorded',
    file: 'analytics/recorder-queue.ts',
    text: 'if (this.#failure !== null) throw this.#failure.error;',
    without: '',
    tests: ['test/analytics/recorder-queue.test.ts'],
  },
  {
    scenario: 'C3',
    holds: 'a commit that failed is looked up before it is tried again',
    file: 'analytics/recorder.ts',
    text: 'if (this.#store.rows === rowsBefore) await this.#store.write(batches);',
    without: 'await this.#store.write(batches);',
    tests: [DISK_FULL],
  },
  {
    scenario: 'C4',
    holds: 'a full disk is waited out',
    file: 'analytics/recorder.ts',
    text: 'if (error instanceof FencedError || !isStorageFailure(error)) throw error;',
    without: 'throw error;',
    tests: [DISK_FULL],
  },
  {
    scenario: 'C5',
    holds: 'a store behind its anchor is refused',
    file: 'analytics/store/whole.ts',
    text: 'if (anchored.rows > chain.rows) {',
    without: 'if (false) {',
    tests: [WHOLE_STORE],
  },
  {
    scenario: 'C5',
    holds: 'the anchor follows each commit',
    file: 'analytics/store/commits.ts',
    text: 'this.#anchor.write(anchoredOf(end));',
    without: '',
    tests: [WHOLE_STORE],
  },
  {
    scenario: 'C6',
    holds: 'a row that is not what it was is named',
    file: 'analytics/store/audit-links.ts',
    text: 'expected.getUint32(4 * Number(row - firstRow), true) !== checks[index]',
    without: 'expected.byteLength < 0',
    tests: [WHOLE_STORE],
  },
  {
    scenario: 'C7',
    holds: 'rows rewritten together with their checks are found by the digest',
    file: 'analytics/store/audit-links.ts',
    text: 'rowIds.length === rows && Buffer.compare(digestOf(covered, rows), digest) === 0',
    without: 'rowIds.length === rows',
    tests: [WHOLE_STORE],
  },
  {
    scenario: 'C7',
    holds: 'a chain made anew is found by the head outside the file',
    file: 'analytics/store/whole.ts',
    text: 'isSame(chain.head, anchored.head) &&',
    without: '',
    tests: [WHOLE_STORE],
  },
  {
    scenario: 'C3',
    holds: 'a server without room ends when DuckDB has ended what it is at',
    file: 'analytics/recorder-thread.ts',
    text: 'this.#worker.postMessage(GIVE_UP);',
    without: 'await this.#worker.terminate();',
    tests: ['test/analytics/recorder-thread.test.ts'],
  },
  {
    scenario: 'C8',
    holds: 'a second writer of a store is refused with a sentence',
    file: 'analytics/store/instance.ts',
    text: 'if (isLockConflict(error)) {\n    const holder',
    without: "if (message === '') {\n    const holder",
    tests: [
      'test/commands/commands.test.ts',
      'test/commands/kill.test.ts',
      'test/analytics/recorder-thread.test.ts',
      'test/analytics/store.test.ts',
      'test/commands/bad-input.test.ts',
    ],
  },
  {
    scenario: 'C9',
    holds: 'the debit is written before there is a mark',
    file: 'psd-sim/psd/franking.ts',
    text: "if (state.has('debit-before-print')) slot.write(debited);",
    without: '',
    tests: ['test/psd-sim/psd.test.ts', 'test/psd-sim/power-cut.test.ts'],
  },
  {
    scenario: 'C10',
    holds: 'the judge goes by the order of the source, whatever the clocks say',
    file: 'analytics/store/recorded-pieces.ts',
    text: '\norder by row_id`',
    without: '\norder by scanned_at_ms desc, row_id desc`',
    tests: [SCENARIOS, KILL_LOOP, PIPELINE, 'test/commands/kill.test.ts'],
  },
  {
    scenario: 'C11',
    holds: 'no more is read ahead than the bounds while the store takes nothing',
    file: 'pipeline.ts',
    text: '      if (ahead.length >= readers.workers * BATCHES_AHEAD_PER_WORKER) await ahead.shift();\n',
    without: '',
    tests: [PIPELINE],
  },
  ...HOSTILE_PATHS,
  ...HOSTILE_PLANTS,
  ...HOSTILE_TRUST,
  ...STOPPED_OWNERS,
  ...HOSTILE_LINES,
  ...HOSTILE_GATE,
  ...HOSTILE_STORE,
  ...HOSTILE_FAIR,
];
