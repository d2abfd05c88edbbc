import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { readFindingDelta } from '../../analytics/detection/finding-delta.ts';
import { archiveStore, closeCase, detect, Store, StoreReader } from '../../analytics/index.ts';
import { booksOf, HOME, LICENSE, MORNING_MS, PSD, Registers, seen } from './books.ts';
import { recordEvidence } from './evidence.ts';
import { COUNTRY, late, letters } from './plants.ts';
import { temporaryFolder } from './temporary.ts';

const DAY_MS = 86_400_000;

/** A store with a row in every table: evidence, some of it archived, findings that were told, a closed case, two lists. */
export async function storeWithEverything(test: TestContext): Promise<string> {
  const folder = await temporaryFolder(test);
  const path = join(folder, 'store.duckdb');
  const set = { license: LICENSE, psd: PSD, pieceCount: 900n };
  const registry = booksOf({
    refunds: [{ ...set, amountMills: 730, refundedAtMs: MORNING_MS }],
    rates: [{ rateCategory: 101, weightGramsMax: 28, postageMills: 730, validFromMs: 0, validToMs: 8.64e15 }],
    plants: [{ plant: 'P1', postcode: HOME, latitude: 41, longitude: -73 }, ...COUNTRY.plants],
    withdrawals: [{ ...set, epoch: 3, ascendingMills: 1, returnedMills: 1, withdrawnAtMs: MORNING_MS }],
  });
  const store = await Store.open(path, { author: { name: 'ann', nowMs: () => MORNING_MS } });
  await store.setRegistry(registry);
  const registers = new Registers();
  const honest = { plant: 'P1', pass: 'origin' } as const;
  const old = [seen(registers.print(0), { ...honest, scannedAtMs: MORNING_MS - 40 * DAY_MS })];
  await recordEvidence(store, old, 'old', '1');
  const before = registers.copied();
  const mark = registers.print(1);
  const later = { ...honest, scannedAtMs: MORNING_MS };
  await recordEvidence(
    store,
    [seen(mark, { ...later, mailpieceId: 'A' }), seen(mark, { ...later, mailpieceId: 'B' })],
    'test',
    '1',
  );
  // A fork makes the set suspect, so that its marks are kept one by one.
  await recordEvidence(store, [seen(before.print(2), later), seen(before.print(3), later)], 'test', '2');
  // A plant whose clock is doubted, so that what it says is held back.
  await recordEvidence(store, letters(['06484', '10001', '50029', '75034'], { '06484': late(-48) }), 'mail', '1');
  await detect(store);
  const rates = registry.rates.map((rate) => ({ ...rate, weightGramsMax: 30 }));
  await store.setRegistry({ ...registry, version: 2, digest: 'second', rates });
  await detect(store);
  await store.transaction(async () => (await readFindingDelta(store.connection, 0)).noted);
  const result = await store.connection.runAndReadAll('select case_id from cases order by all');
  await closeCase(store, String(result.getRows()[0]?.[0]), 'known', MORNING_MS);
  store.close();
  await archiveStore(path, { folder: join(folder, 'archive'), beforeMs: MORNING_MS - DAY_MS, keep: false });
  return path;
}

/** A copy of the store's files as they are at one moment, as a power cut would leave them. */
export function copyOf(path: string, to: string): void {
  for (const ending of ['', '.wal', '.anchor']) {
    rmSync(to + ending, { force: true });
    if (existsSync(path + ending)) copyFileSync(path + ending, to + ending);
  }
}

/** Changes a store as anybody with DuckDB and the file can. */
export async function changed(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    await connection.run(sql);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Events of the ledger, in their order. */
export async function entriesOf(path: string): Promise<string[]> {
  const reader = await StoreReader.open(path);
  const result = await reader.stream('select event from ledger order by sequence');
  const rows = await result.getRowsJson();
  reader.close();
  return rows.map(([event]) => String(event));
}
