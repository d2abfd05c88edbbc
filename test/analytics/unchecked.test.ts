import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Recorder, StoreReader } from '../../analytics/index.ts';
import { VerdictColumnsBuilder } from '../../analytics/recorder/verdict-columns-builder.ts';
import { renderReport } from '../../desk/index.ts';
import {
  countUnchecked,
  isGenuine,
  type ReadingColumns,
  ReadingColumnsBuilder,
  type Scan,
  textAt,
  UNCHECKED_CODES,
  type UncheckedCode,
  uncheckedAt,
} from '../../indicium/index.ts';
import { verdictMessages } from '../../ingest/kafka/messages/verdict-message.ts';
import { readingOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SAID: Omit<Scan, 'scanId' | 'mark' | 'digest'> = {
  plant: '06484',
  machine: 'DBCS-1',
  scannedAtMs: Date.UTC(2026, 10, 20, 18),
  mailpieceId: 'M1',
  pass: 'origin',
  destination: '06443',
  weightGrams: 20,
  extra: null,
  sender: null,
};
/** The scan that does not say what a check takes; a receipt is noted beside the scan. */
const UNSAID: Readonly<Record<UncheckedCode, Partial<Scan>>> = {
  date: { scannedAtMs: null },
  receipt: {},
  mailpiece: { mailpieceId: null },
  plant: { plant: null },
  pass: { pass: null },
  destination: { destination: null },
  weight: { weightGrams: null },
};

describe('checks of a mark that were not made', () => {
  const scope = suiteScope();
  const world = new SmallWorld(1, 1);
  const { registry } = world;
  let folder = '';
  before(async () => {
    folder = await temporaryFolder(scope);
  });

  /** A scan for each set of checks that it leaves open, of marks that are genuine or forged. */
  const columnsOf = (each: readonly { open: readonly UncheckedCode[]; isForged: boolean }[]): ReadingColumns => {
    const builder = new ReadingColumnsBuilder(each.length);
    for (const { open, isForged } of each) {
      const payload = world.frank();
      if (isForged) payload[payload.length - 1] = (payload.at(-1) ?? 0) ^ 1;
      const unsaid = Object.assign({}, ...open.map((code) => UNSAID[code]));
      const reading = readingOf(payload, registry);
      assert.equal(isGenuine(reading.outcome), !isForged);
      const scan = scanOf({ ...SAID, ...unsaid, mark: { kind: 'payload', payload } });
      builder.add(scan, reading, open.includes('receipt') ? null : Date.UTC(2026, 10, 20, 19));
    }
    return builder.finish();
  };
  const sets = fc.array(fc.record({ open: fc.subarray([...UNCHECKED_CODES]), isForged: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  });

  it('are those whose values a scan does not say, and none of a mark that is not genuine', () => {
    fc.assert(
      fc.property(sets, (each) => {
        const columns = columnsOf(each);
        const expected = each.map(({ open, isForged }) => (isForged ? [] : open));
        assert.deepEqual(
          each.map((_, row) => uncheckedAt(columns, row)),
          expected,
        );
        const counts = countUnchecked(columns);
        for (const code of UNCHECKED_CODES) {
          assert.equal(counts[code] ?? 0, expected.filter((open) => open.includes(code)).length, code);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are told by a store as they were answered, and drawn in the report', async () => {
    const each = [
      { open: [], isForged: false },
      { open: ['date', 'weight'], isForged: false },
      { open: [...UNCHECKED_CODES], isForged: false },
      { open: [...UNCHECKED_CODES], isForged: true },
    ] as const;
    const columns = columnsOf(each);
    const path = join(folder, 'store.duckdb');
    const recorder = await Recorder.open(path, NEVER_PAUSED);
    await recorder.setRegistry(registry);
    const scanIds = each.map((_, row) => textAt(columns.scanId, row));
    await recorder.record([{ readings: columns, source: 'test', position: '1' }]);
    const stored = await recorder.verdictsOf(scanIds.map((scanId) => ({ scanId })));
    assert.deepEqual(
      stored.map(({ unchecked }) => unchecked),
      [[], ['date', 'weight'], [...UNCHECKED_CODES], []],
    );
    await recorder.close();
    const reader = await StoreReader.open(path);
    const { genuine, unchecked } = await reader.unchecked();
    assert.deepEqual(
      [genuine, unchecked],
      [3, { date: 2, receipt: 1, mailpiece: 1, plant: 1, pass: 1, destination: 1, weight: 2 }],
    );
    const page = await renderReport(reader, folder);
    reader.close();
    assert.match(page, /Of 3 scans with a genuine mark/);
    assert.match(page, /<td>weight<\/td><td>2<\/td><td>The scan has no weight/);
  });

  it('stand in each verdict on Kafka', () => {
    const columns = columnsOf([
      { open: [], isForged: false },
      { open: ['date'], isForged: false },
    ]);
    const verdicts = new VerdictColumnsBuilder(2);
    for (const _ of [0, 1]) verdicts.addStored('accept', '');
    const [message] = verdictMessages(
      'verdicts',
      {
        scanIds: ['a', 'b'],
        plants: [null, null],
        machines: ['M', 'M'],
        unchecked: [0, 1].map((row) => uncheckedAt(columns, row)),
        verdicts: verdicts.finish(),
      },
      { id: '1', source: '/test', timeMs: 0 },
    );
    const lines = (message?.value ?? assert.fail()).toString().trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).unchecked),
      [[], ['date']],
    );
  });
});
