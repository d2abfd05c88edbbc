import type { StoreReader } from '../store/queries/reader.ts';
import { asBigint, asBigintOrNull, asBoolean, asInteger, asText, asTextOrNull, type Row } from '../store/values.ts';
import { bookSql } from './book-sql.ts';

/** What was paid and what became of it; analytics/books/set.sql says what each figure means. */
export interface Amounts {
  readonly paidMills: bigint;
  readonly printedPieces: bigint;
  readonly printedMills: bigint;
  readonly doubledMills: bigint;
  readonly unseenPieces: bigint;
  readonly unseenMills: bigint;
  readonly remainingMills: bigint | null;
  readonly refundedMills: bigint;
  readonly returnedMills: bigint;
  readonly differenceMills: bigint;
}

/** The book of one register set. */
export interface SetBook extends Amounts {
  readonly book: 'set';
  readonly license: number;
  readonly psd: string;
  readonly postpaid: boolean;
  readonly withdrawn: boolean;
}

/** The book of a license over all its PSDs. Holder and town are null where the registry does not know the license. */
export interface LicenseBook extends Amounts {
  readonly book: 'license';
  readonly license: number;
  readonly holder: string | null;
  readonly town: string | null;
  readonly depositPostcode: string | null;
  readonly psds: number;
}

/** The book of a town, or of a plant where mail of towns was handed in that it does not sort for. */
export interface TownBook {
  readonly book: 'town';
  readonly town: string | null;
  readonly depositPostcode: string | null;
  readonly plant: string | null;
  readonly earnedMills: bigint;
  readonly licensedMills: bigint;
  readonly unplacedMills: bigint;
  readonly differenceMills: bigint;
}

export type Book = SetBook | LicenseBook | TownBook;

/** Which books: those of one license, or of one register set of it; null for all. */
export interface BookFilter {
  readonly license: number | null;
  readonly psd: string | null;
}

/** The books of the post: of every register set, then of every license, then of every town. */
export async function* reconcile(reader: StoreReader, filter: BookFilter): AsyncGenerator<Book> {
  yield* books(reader, filter, 'set.sql', 'license, psd', setBookOf);
  yield* books(reader, filter, 'license.sql', 'license', licenseBookOf);
  yield* books(reader, filter, 'town.sql', 'deposit_postcode nulls last, plant nulls first', townBookOf);
}

/** Whether a person must look: money that nobody paid or no register counted, earned by another town, or printed on counters used before. */
export function needsAttention(book: Book): boolean {
  return book.differenceMills > 0n || (book.book !== 'town' && book.doubledMills > 0n);
}

async function* books<Kind extends Book>(
  reader: StoreReader,
  { license, psd }: BookFilter,
  file: string,
  orderBy: string,
  bookOf: (row: Row) => Kind,
): AsyncGenerator<Kind> {
  const result = await reader.stream(bookSql(file, orderBy), [license === null ? null : BigInt(license), psd]);
  for await (const rows of result.yieldRowObjects()) yield* rows.map(bookOf);
}

function setBookOf(row: Row): SetBook {
  return {
    book: 'set',
    license: asInteger(row.license),
    psd: asText(row.psd),
    postpaid: asBoolean(row.is_postpaid),
    withdrawn: asBoolean(row.is_withdrawn),
    ...amountsOf(row),
  };
}

function licenseBookOf(row: Row): LicenseBook {
  return {
    book: 'license',
    license: asInteger(row.license),
    holder: asTextOrNull(row.holder),
    town: asTextOrNull(row.town),
    depositPostcode: asTextOrNull(row.deposit_postcode),
    psds: asInteger(row.psds),
    ...amountsOf(row),
  };
}

function townBookOf(row: Row): TownBook {
  return {
    book: 'town',
    town: asTextOrNull(row.town),
    depositPostcode: asTextOrNull(row.deposit_postcode),
    plant: asTextOrNull(row.plant),
    earnedMills: asBigint(row.earned_mills),
    licensedMills: asBigint(row.licensed_mills),
    unplacedMills: asBigint(row.unplaced_mills),
    differenceMills: asBigint(row.difference_mills),
  };
}

function amountsOf(row: Row): Amounts {
  return {
    paidMills: asBigint(row.paid_mills),
    printedPieces: asBigint(row.printed_pieces),
    printedMills: asBigint(row.printed_mills),
    doubledMills: asBigint(row.doubled_mills),
    unseenPieces: asBigint(row.unseen_pieces),
    unseenMills: asBigint(row.unseen_mills),
    remainingMills: asBigintOrNull(row.remaining_mills),
    refundedMills: asBigint(row.refunded_mills),
    returnedMills: asBigint(row.returned_mills),
    differenceMills: asBigint(row.difference_mills),
  };
}
