import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { GENUINE_OUTCOMES, SORTING_PASSES, TextBuilder, type TextColumn } from '../../indicium/index.ts';
import type { SightedPiece } from '../judge.ts';
import { asBigint, asBytes, asInteger, asText } from './values.ts';

/** Some scans in the order in which they were recorded. */
export interface RecordedPieces {
  readonly rows: number;
  readonly scanIds: TextColumn;
  /** Those of genuine marks. */
  readonly pieces: readonly SightedPiece[];
}

/** Columns of names that come again and again. */
const NAMED = ['psd', 'plant'] as const;
type Names = Readonly<Record<(typeof NAMED)[number], readonly string[]>>;

/** Only their pieces are shown, so only their names are read: what others claim may be anything. */
const IS_GENUINE = `license is not null and outcome in (${quotedAll(GENUINE_OUTCOMES)})`;

/** Digests of mailpieces as `mailpieceDigest` makes them; names as their places in lists; of scan ids the bytes as they are. */
const SQL = `
select encode(scan_id),
  ${IS_GENUINE}, license, enum_code(try_cast(psd as known_psd))::integer, piece_count, content_digest,
  coalesce(('0x' || sha256(mailpiece_id)[1:16])::ubigint, 0),
  enum_code(try_cast(plant as known_plant))::integer, list_position([${quotedAll(SORTING_PASSES)}], pass)::integer - 1
from evidence order by row_id`;

/**
 * All evidence, as much of it as the judge needs. Names come over from DuckDB as numbers, and digests are made there:
 * each text that is read by itself costs a microsecond, and there are five in a row.
 */
export async function* recordedPieces(connection: DuckDBConnection): AsyncGenerator<RecordedPieces> {
  for (const column of NAMED) {
    await connection.run(
      `create temp type known_${column} as enum (
         select distinct ${column} from evidence where ${column} is not null and ${IS_GENUINE})`,
    );
  }
  const names = { psd: await namesIn(connection, 'psd'), plant: await namesIn(connection, 'plant') };
  for await (const chunk of await connection.stream(SQL)) yield piecesOf(chunk.getColumns(), names);
  for (const column of NAMED) await connection.run(`drop type known_${column}`);
}

async function namesIn(connection: DuckDBConnection, column: keyof Names): Promise<string[]> {
  const result = await connection.runAndReadAll(`select unnest(enum_range(null::known_${column})::varchar[])`);
  return result.getRows().map(([name]) => asText(name));
}

function piecesOf(columns: readonly (readonly DuckDBValue[])[], names: Names): RecordedPieces {
  const [scanIds = [], genuine = [], licenses, psds, pieceCounts, contents, mailpieces, plants, passes] = columns;
  const builder = new TextBuilder(scanIds.length);
  const pieces: SightedPiece[] = [];
  for (const [row, scanId] of scanIds.entries()) {
    builder.addBytes(asBytes(scanId));
    if (genuine[row] !== true) continue;
    pieces.push({
      license: asInteger(licenses?.[row]),
      psd: asText(names.psd[asInteger(psds?.[row])]),
      pieceCount: asBigint(pieceCounts?.[row]),
      content: asBigint(contents?.[row]),
      mailpiece: asBigint(mailpieces?.[row]),
      plant: named(names.plant, plants?.[row]),
      pass: named(SORTING_PASSES, passes?.[row]),
    });
  }
  return { rows: scanIds.length, scanIds: builder.finish(), pieces };
}

function named<Name>(names: readonly Name[], place: DuckDBValue | undefined): Name | null {
  return place === null ? null : (names[asInteger(place)] ?? null);
}

function quotedAll(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
