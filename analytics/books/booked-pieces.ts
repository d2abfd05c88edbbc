import type { StoreReader } from '../store/queries/reader.ts';
import {
  asBigint,
  asBigintOrNull,
  asInteger,
  asIntegerOrNull,
  asText,
  asTextOrNull,
  asTexts,
  type Row,
} from '../store/values.ts';
import { bookSql } from './book-sql.ts';
import type { BookFilter } from './reconcile.ts';

/** Figures whose pieces can be listed; 'unseen' gives ranges of piece counts, the others distinct pieces. */
const PIECE_FIGURES = ['printed', 'doubled', 'remaining', 'refunded', 'difference', 'wrong-town'] as const;
export const FIGURES = [...PIECE_FIGURES, 'unseen'] as const;
export type Figure = (typeof FIGURES)[number];

/** A distinct piece behind a figure. What is null was not seen: a refund of a mark that was never mailed. */
export interface BookedPiece {
  readonly figure: Figure;
  /** The scan that was first; scanIds has all of them. */
  readonly scanId: string | null;
  readonly license: number;
  readonly psd: string;
  readonly pieceCount: bigint;
  readonly epoch: number | null;
  readonly postageMills: bigint | null;
  /** What the piece makes up of the figure. */
  readonly amountMills: bigint;
  readonly ascendingMills: bigint | null;
  readonly descendingMills: bigint | null;
  readonly printedAt: string | null;
  /** Where it was handed in; null when no origin scan says so. */
  readonly plant: string | null;
  readonly scanIds: readonly string[];
}

/** Piece counts, ends included, that no genuine mark shows. */
export interface UnseenRange {
  readonly figure: 'unseen';
  readonly license: number;
  readonly psd: string;
  readonly firstPieceCount: bigint;
  readonly lastPieceCount: bigint;
  readonly pieces: bigint;
  /** What the ascending register went up by across the range. */
  readonly amountMills: bigint;
}

/** What makes up one figure of a license's books, or of one of its register sets. */
export async function* bookedPieces(
  reader: StoreReader,
  { license, psd }: BookFilter,
  figure: Figure,
): AsyncGenerator<BookedPiece | UnseenRange> {
  const isUnseen = figure === 'unseen';
  const sql = isUnseen
    ? bookSql('gaps.sql', 'license, psd, first_piece_count')
    : bookSql(`pieces/${figure}.sql`, 'license, psd, piece_count, printed_at_ms, content_digest, amount_mills');
  const result = await reader.stream(sql, [license === null ? null : BigInt(license), psd]);
  for await (const rows of result.yieldRowObjects()) {
    yield* rows.map((row) => (isUnseen ? rangeOf(row) : pieceOf(row, figure)));
  }
}

function rangeOf(row: Row): UnseenRange {
  return {
    figure: 'unseen',
    license: asInteger(row.license),
    psd: asText(row.psd),
    firstPieceCount: asBigint(row.first_piece_count),
    lastPieceCount: asBigint(row.last_piece_count),
    pieces: asBigint(row.pieces),
    amountMills: asBigint(row.amount_mills),
  };
}

function pieceOf(row: Row, figure: Figure): BookedPiece {
  const scanIds = row.scan_ids === null ? [] : asTexts(row.scan_ids);
  const printedAtMs = asIntegerOrNull(row.printed_at_ms);
  return {
    figure,
    scanId: scanIds[0] ?? null,
    license: asInteger(row.license),
    psd: asText(row.psd),
    pieceCount: asBigint(row.piece_count),
    epoch: asIntegerOrNull(row.epoch),
    postageMills: asBigintOrNull(row.postage_mills),
    amountMills: asBigint(row.amount_mills),
    ascendingMills: asBigintOrNull(row.ascending_mills),
    descendingMills: asBigintOrNull(row.descending_mills),
    printedAt: printedAtMs === null ? null : new Date(printedAtMs).toISOString(),
    plant: asTextOrNull(row.origin_plant),
    scanIds,
  };
}
