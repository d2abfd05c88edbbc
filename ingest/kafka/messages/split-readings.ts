import { isValid, numberAt, type ReadingColumns, rowsOf, selectReadings, textAt } from '../../../indicium/index.ts';
import { READING_MESSAGE_BYTES_MAX, READING_MESSAGE_ROWS_MAX } from '../limits.ts';
import { partitionOfKey } from './partition-of.ts';
import { encodeReadings } from './readings-codec.ts';

/** Readings of one partition, encoded. */
interface ReadingsPart {
  readonly partition: number;
  readonly bytes: Buffer;
}

/**
 * The rows by partition, in their order: all readings of a license in one, since all sightings of a piece and all
 * PSDs of a license must meet; a scan without a license goes by its scan id, so that it meets itself when it comes again.
 */
export function splitReadings(columns: ReadingColumns, partitions: number): ReadingsPart[] {
  const byPartition = new Map<number, number[]>();
  const ofLicenses = new Map<number, number>();
  for (let row = 0; row < rowsOf(columns); row++) {
    const partition = partitionOfRow(columns, row, partitions, ofLicenses);
    const its = byPartition.get(partition);
    if (its === undefined) byPartition.set(partition, [row]);
    else its.push(row);
  }
  return [...byPartition].flatMap(([partition, its]) => {
    const isWhole = its.length === rowsOf(columns);
    return encoded(isWhole ? columns : selectReadings(columns, its)).map((bytes) => ({ partition, bytes }));
  });
}

function partitionOfRow(
  { license, scanId }: ReadingColumns,
  row: number,
  partitions: number,
  ofLicenses: Map<number, number>,
): number {
  if (!isValid(license.valid, row)) return partitionOfKey(textAt(scanId, row), partitions);
  const number = numberAt(license, row);
  const partition = ofLicenses.get(number) ?? partitionOfKey(String(number), partitions);
  ofLicenses.set(number, partition);
  return partition;
}

/** In halves until each is small enough for a message; a single row always is. */
function encoded(columns: ReadingColumns): Buffer[] {
  const rows = rowsOf(columns);
  const bytes = rows <= READING_MESSAGE_ROWS_MAX ? encodeReadings(columns) : null;
  if (bytes !== null && (bytes.length <= READING_MESSAGE_BYTES_MAX || rows === 1)) return [bytes];
  const half = Math.ceil(rows / 2);
  const from = (first: number, end: number) => Array.from({ length: end - first }, (_, index) => first + index);
  return [from(0, half), from(half, rows)].flatMap((part) => encoded(selectReadings(columns, part)));
}
