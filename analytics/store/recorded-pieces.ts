import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { GENUINE_OUTCOMES, SORTING_PASSES, TextBuilder } from '../../indicium/index.ts';
import type { SightedPiece } from '../judge/judge.ts';
import { PLANT_NAMES_MAX } from '../limits.ts';
import type { KeyColumns } from '../recorder/scan-key.ts';
import { comparableIdSql } from '../sightings/comparable-id.ts';
import { areaNumberSql, areaSql } from '../sightings/delivery-area.ts';
import { asBigint, asBytes, asBytesOrNull, asInteger, asText } from './values.ts';

/** Some scans in the order in which they were recorded. */
interface RecordedPieces {
  readonly rows: number;
  readonly keys: KeyColumns;
  /** Those of genuine marks. */
  readonly pieces: readonly SightedPiece[];
}

/** Only their pieces are shown, so only their PSDs are read: what others claim may be anything. */
const IS_GENUINE = `license is not null and outcome in (${quotedAll(GENUINE_OUTCOMES)})`;

/** Columns of names that come again and again, and which names are given a number. */
const NAMED = {
  psd: (shown: string) => `select distinct psd from ${shown} where psd is not null and ${IS_GENUINE}`,
  plant: (shown: string) =>
    `select plant from ${shown} where plant is not null group by plant order by count(*) desc limit ${PLANT_NAMES_MAX}`,
};
type Named = keyof typeof NAMED;
const NAMED_COLUMNS: readonly Named[] = ['psd', 'plant'];

/**
 * Digests of mailpieces as `mailpieceDigest` makes them; names as their places in lists, or as they are where there are too
 * many; of scan ids the bytes as they are.
 */
const sqlOver = (shown: string) => `
select encode(scan_id),
  ${IS_GENUINE}, license, enum_code(try_cast(psd as known_psd))::integer, piece_count, content_digest,
  coalesce(('0x' || sha256(${comparableIdSql('mailpiece_id')})[1:16])::ubigint, 0),
  enum_code(try_cast(plant as known_plant))::integer, list_position([${quotedAll(SORTING_PASSES)}], pass)::integer - 1,
  case when try_cast(plant as known_plant) is null then encode(plant) end,
  scanned_at_ms, weight_grams, ${areaNumberSql('read_area')}::integer
from (select *, ${areaSql('sorter_destination')} as read_area from ${shown})
order by row_id`;

/**
 * All evidence after a row, as much of it as the judge needs. Names come over from DuckDB as numbers, and digests are made there:
 * each text that is read by itself costs a microsecond, and there are five in a row.
 */
export async function* recordedPieces(connection: DuckDBConnection, afterRow: bigint): AsyncGenerator<RecordedPieces> {
  const shown = `(from evidence where row_id > ${afterRow})`;
  for (const column of NAMED_COLUMNS) {
    await connection.run(`create temp type known_${column} as enum (${NAMED[column](shown)})`);
  }
  const psds = await namesIn(connection, 'psd');
  const plants = (await namesIn(connection, 'plant')).map((name) => ({ name, bytes: Buffer.from(name) }));
  for await (const chunk of await connection.stream(sqlOver(shown))) yield piecesOf(chunk.getColumns(), psds, plants);
  for (const column of NAMED_COLUMNS) await connection.run(`drop type known_${column}`);
}

/** A plant by its name, and by the bytes of it. */
interface PlantName {
  readonly name: string;
  readonly bytes: Uint8Array;
}

async function namesIn(connection: DuckDBConnection, column: Named): Promise<string[]> {
  const result = await connection.runAndReadAll(`select unnest(enum_range(null::known_${column})::varchar[])`);
  return result.getRows().map(([name]) => asText(name));
}

function piecesOf(
  columns: readonly (readonly DuckDBValue[])[],
  psdNames: readonly string[],
  plantNames: readonly PlantName[],
): RecordedPieces {
  const [scanIds = [], genuine = [], licenses, psds, pieceCounts, contents, mailpieces, plants, passes, otherPlants] =
    columns;
  const [times, weights, areas] = columns.slice(10);
  const scanId = new TextBuilder(scanIds.length);
  const plant = new TextBuilder(scanIds.length);
  const pieces: SightedPiece[] = [];
  for (const [row, id] of scanIds.entries()) {
    scanId.addBytes(asBytes(id));
    const bytes = asBytesOrNull(otherPlants?.[row] ?? null);
    const its = bytes === null ? named(plantNames, plants?.[row]) : { name: Buffer.from(bytes).toString(), bytes };
    plant.addBytes(its?.bytes ?? null);
    if (genuine[row] !== true) continue;
    pieces.push({
      license: asInteger(licenses?.[row]),
      psd: asText(psdNames[asInteger(psds?.[row])]),
      pieceCount: asBigint(pieceCounts?.[row]),
      content: asBigint(contents?.[row]),
      mailpiece: asBigint(mailpieces?.[row]),
      plant: its?.name ?? null,
      pass: named(SORTING_PASSES, passes?.[row]),
      scannedAtMs: numberOrNull(times?.[row]),
      weightGrams: numberOrNull(weights?.[row]),
      area: asInteger(areas?.[row]),
    });
  }
  return { rows: scanIds.length, keys: { scanId: scanId.finish(), plant: plant.finish() }, pieces };
}

function numberOrNull(value: DuckDBValue | undefined): number | null {
  return value === null ? null : Number(value);
}

function named<Name>(names: readonly Name[], place: DuckDBValue | undefined): Name | null {
  return place === null ? null : (names[asInteger(place)] ?? null);
}

function quotedAll(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
