import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RecorderThread } from '../../analytics/recorder/index.ts';
import { type Scan, verdictAt } from '../../indicium/index.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Names as machines and plants may give them, and as SQL may take them for something else. */
const NAMES = ['größe.png', 'C:\\scans\\7.png', 'run\\x41-1', 'runA-1', "it's", 'a\nb', '😀', 'ü\\', 'plain'];

describe('a store that is opened again', () => {
  it('answers what comes again, and what repeats it, as if it had never been closed', async (test) => {
    const folder = await temporaryFolder(test);
    const world = new SmallWorld(2, 2);
    const marks = Array.from({ length: 6 }, () => world.frank());
    const name = fc.oneof(fc.constantFrom(...NAMES), fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }));
    const scan = fc
      .record({
        scanId: name,
        mark: fc.constantFrom(...marks).map((payload) => ({ kind: 'payload', payload }) as const),
        mailpieceId: fc.option(name, { nil: null }),
        plant: fc.option(name, { nil: null }),
        pass: fc.constantFrom('origin', 'destination', null),
      })
      .map((fields) => scanOf(fields));
    let stores = 0;
    const before = NAMES.map((scanId) => scanOf({ scanId, plant: scanId, mailpieceId: scanId }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(scan, { minLength: 1, maxLength: 30 }),
        fc.array(scan, { maxLength: 30 }),
        async (old, later) => {
          stores += 1;
          const answers = async (path: string, isReopened: boolean) => {
            let thread = await RecorderThread.open(path, NEVER_PAUSED);
            const record = async (scans: readonly Scan[], position: string) => {
              const readings = readingColumnsOf(scans, world.registry);
              const { verdicts, repeatedRows } = await thread.record({ readings, source: 'test', position });
              return { answers: scans.map((_, row) => verdictAt(verdicts, row)), repeatedRows };
            };
            await record([...before, ...old], '1');
            if (isReopened) {
              await thread.close();
              thread = await RecorderThread.open(path, NEVER_PAUSED);
            }
            const told = await record([...later, ...before, ...old], '2');
            await thread.close();
            return told;
          };
          assert.deepEqual(
            await answers(join(folder, `${stores}-reopened.duckdb`), true),
            await answers(join(folder, `${stores}-open.duckdb`), false),
          );
        },
      ),
      { numRuns: 12 },
    );
  });
});
