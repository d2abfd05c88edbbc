import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type Book,
  type BookedPiece,
  type BookFilter,
  bookedPieces,
  type Figure,
  reconcile,
  Store,
  StoreReader,
  type UnseenRange,
} from '../../analytics/index.ts';
import type { RegistryRecords } from '../../indicium/index.ts';
import { booksOf, LICENSE, PSD } from './books.ts';
import { type Evidence, recordEvidence } from './evidence.ts';
import { temporaryFolder } from './temporary.ts';

const ALL: BookFilter = { license: null, psd: null };

/** The books over evidence, recorded in a store of its own in batches, and what is behind a figure of them. */
export async function reconciled(
  test: TestContext,
  evidence: readonly Evidence[],
  registry: RegistryRecords,
  batchScans = 1_000,
) {
  const path = join(await temporaryFolder(test), 'store.duckdb');
  const store = await Store.open(path);
  await store.setRegistry(registry);
  for (let from = 0; from < evidence.length; from += batchScans) {
    await recordEvidence(store, evidence.slice(from, from + batchScans), 'test', null);
  }
  store.close();
  const read = async <Item>(what: (reader: StoreReader) => AsyncIterable<Item>): Promise<Item[]> => {
    const reader = await StoreReader.open(path);
    const items = await Array.fromAsync(what(reader));
    reader.close();
    return items;
  };
  const books: Book[] = await read((reader) => reconcile(reader, ALL));
  return {
    books,
    sets: books.filter((book) => book.book === 'set'),
    licenses: books.filter((book) => book.book === 'license'),
    towns: books.filter((book) => book.book === 'town'),
    booksOf: (filter: BookFilter) => read((reader) => reconcile(reader, filter)),
    listed: (figure: Figure, filter = ALL): Promise<(BookedPiece | UnseenRange)[]> =>
      read((reader) => bookedPieces(reader, filter, figure)),
  };
}

/** A registry in which just these funds were paid, into the first register set where a line names no other. */
export function paid(...funds: { license?: number; psd?: string; amountMills: number }[]): RegistryRecords {
  return booksOf({
    funds: funds.map((line, index) => ({ license: LICENSE, psd: PSD, refill: index + 1, paidAtMs: 0, ...line })),
  });
}

/** What the book of a set, license or town says, its names left out and its money in plain numbers. */
export function figures(book: Book | undefined): Record<string, number | null> {
  const entries = Object.entries(book ?? {}).flatMap(([name, value]): [string, number | null][] => {
    if (typeof value === 'bigint') return [[name, Number(value)]];
    return name === 'remainingMills' ? [[name, null]] : [];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== 0));
}
