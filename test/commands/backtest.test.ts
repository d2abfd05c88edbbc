import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { detect, Store } from '../../analytics/index.ts';
import { booksOf, Registers, seen } from '../support/books.ts';
import { indicia } from '../support/command-line.ts';
import { recordEvidence } from '../support/evidence.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('a backtest', () => {
  it('tells what changes alone, and of no finding that only quotes another threshold', async (test) => {
    const folder = await temporaryFolder(test);
    const db = join(folder, 'day.duckdb');
    const store = await Store.open(db);
    await store.setRegistry(booksOf());
    const registers = new Registers();
    const start = seen(registers.print(0, 10));
    registers.pieceCount += 5_000n;
    registers.ascendingMills += 50_000;
    registers.descendingMills = (registers.descendingMills ?? 0) - 50_000;
    await recordEvidence(store, [start, seen(registers.print(0, 10))], 'test', null);
    assert.ok((await detect(store)) > 0);
    store.close();
    const backtested = async (piecesPerMinuteMax: number) => {
      const file = join(folder, `${piecesPerMinuteMax}.json`);
      const parameters = { 'faster-than-printer': { piecesPerMinuteMax } };
      await writeFile(file, JSON.stringify({ version: 4, parameters }));
      return (await indicia(['detect', '--db', db, '--backtest', file])).stdout;
    };
    assert.equal(await backtested(1_001), 'policy 4: 0 changes\n');
    assert.match(
      await backtested(1_000_000),
      /^policy 4: 1 change\nremoved {2}faster-than-printer \(high, −1 scan\): .* faster than 1000 pieces a minute\.\n$/,
    );
  });
});
