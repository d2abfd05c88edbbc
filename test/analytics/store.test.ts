import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Store, StoreError, StoreReader } from '../../analytics/index.ts';
import { booksOf, LICENSE, MORNING_MS, PSD } from '../support/books.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('a store', () => {
  it('of a version that is too old or too new is refused for writing and reading, with both versions named', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    await store.connection.run('update store_version set version = 2');
    store.close();
    const isNamed = (error: unknown) => {
      return error instanceof StoreError && /store version 2; this program reads version 6/.test(error.message);
    };
    await assert.rejects(Store.open(path), isNamed);
    await assert.rejects(StoreReader.open(path), isNamed);
  });

  it('that was killed before DuckDB had made its file is begun anew; other files, and what was anchored, stay', async (test) => {
    const folder = await temporaryFolder(test);
    const whole = join(folder, 'whole.duckdb');
    (await Store.open(whole)).close();
    const bytes = await readFile(whole);
    for (const headersBytes of [0, 4_096, 8_192]) {
      const path = join(folder, `${headersBytes}.duckdb`);
      await writeFile(path, bytes.subarray(0, headersBytes));
      const store = await Store.open(path);
      assert.equal(store.rows, 0n);
      store.close();
      await writeFile(path, bytes.subarray(0, headersBytes));
      await assert.rejects(Store.open(path), StoreError, 'with its anchor there, it was more than that');
      assert.equal((await readFile(path)).length, headersBytes);
    }
    const made = join(folder, 'made.duckdb');
    await writeFile(made, bytes.subarray(0, 4_096));
    await writeFile(`${made}.wal`, 'what may belong to it');
    await assert.rejects(Store.open(made), StoreError);
    assert.equal((await readFile(made)).length, 4_096);
    const other = join(folder, 'notes.txt');
    await writeFile(other, 'what else there is');
    await assert.rejects(Store.open(other), StoreError);
    assert.equal(await readFile(other, 'utf8'), 'what else there is');
  });

  it('shows refunds, rates, plants and withdrawals of the registry set last, exactly', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const store = await Store.open(path);
    const set = { license: LICENSE, psd: PSD, pieceCount: 2n ** 64n - 1n };
    const refund = { ...set, amountMills: 2 ** 48 - 1, refundedAtMs: MORNING_MS };
    const rate = {
      rateCategory: 65_535,
      weightGramsMax: 28,
      postageMills: 2 ** 32 - 1,
      validFromMs: 0,
      validToMs: 8.64e15,
    };
    const withdrawal = {
      ...set,
      epoch: 2 ** 32 - 1,
      ascendingMills: 730,
      returnedMills: 270,
      withdrawnAtMs: MORNING_MS,
    };
    await store.setRegistry(booksOf({ refunds: [refund, refund], plants: [{ plant: 'P9', postcode: '1' }] }));
    const plants = [{ plant: 'P1', postcode: '06484' }];
    await store.setRegistry(
      booksOf({ version: 2, refunds: [refund], rates: [rate], plants, withdrawals: [withdrawal] }),
    );
    const rows = async (sql: string) => (await store.connection.runAndReadAll(sql)).getRowsJson();
    assert.deepEqual(await rows('select license, psd, piece_count, amount_mills, epoch_ms(refunded_at) from refunds'), [
      [String(LICENSE), PSD, '18446744073709551615', '281474976710655', String(MORNING_MS)],
    ]);
    assert.deepEqual(await rows('from rates'), [[65_535, 28, '4294967295', '0', '8640000000000000']]);
    assert.deepEqual(await rows('from plants'), [['P1', '06484', null, null]]);
    assert.deepEqual(
      await rows(
        'select license, psd, epoch, piece_count, ascending_mills, returned_mills, epoch_ms(withdrawn_at) from withdrawals',
      ),
      [[String(LICENSE), PSD, 4_294_967_295, '18446744073709551615', '730', '270', String(MORNING_MS)]],
    );
    store.close();
  });
});
