import {
  bigintAt,
  hashOfSpan,
  isSameSpan,
  missing,
  type ReadingColumns,
  type TextColumn,
  textAt,
  textOrNullAt,
} from '../../indicium/index.ts';

/**
 * What a scan is known by: its plant and its scan id. Counters of machines count up, so that one plant can guess what
 * another sends next; under a key of its own nobody can use up the ids of others, nor learn which there are.
 */
export type KeyColumns = Pick<ReadingColumns, 'plant' | 'scanId'>;

/** A scan by its key and its contents: the same key with another digest is another scan. */
export interface NamedScan {
  /** Null where the scan names none. */
  readonly plant: string | null;
  readonly scanId: string;
  readonly digest: bigint;
}

export function namedScanAt(readings: KeyColumns & Pick<ReadingColumns, 'scanDigest'>, row: number): NamedScan {
  const { plant, scanId, scanDigest } = readings;
  return { plant: textOrNullAt(plant, row), scanId: textAt(scanId, row), digest: bigintAt(scanDigest, row) };
}

/** The key as one text. The length of the plant keeps `1` and `23` apart from `12` and `3`. */
export function scanKeyOf({ plant, scanId }: Pick<NamedScan, 'plant' | 'scanId'>): string {
  return plant === null ? `-${scanId}` : `${plant.length} ${plant}${scanId}`;
}

/** 32 bits over the bytes of the key. No plant has an empty name, so a missing one is told apart by its length. */
export function hashOfKey({ plant, scanId }: KeyColumns, row: number): number {
  const hash = hashOfSpan(scanId.bytes, startOf(scanId, row), endOf(scanId, row));
  return Math.imul(hash, HASH_FACTOR) ^ hashOfSpan(plant.bytes, startOf(plant, row), endOf(plant, row));
}

/** Odd, so that no bit is lost (the golden ratio of 2^32, as in multiplicative hashing). */
const HASH_FACTOR = 0x9e3779b1;

export function isSameKey(left: KeyColumns, leftRow: number, right: KeyColumns, rightRow: number): boolean {
  return (
    isSameText(left.scanId, leftRow, right.scanId, rightRow) && isSameText(left.plant, leftRow, right.plant, rightRow)
  );
}

function isSameText(left: TextColumn, leftRow: number, right: TextColumn, rightRow: number): boolean {
  const length = endOf(left, leftRow) - startOf(left, leftRow);
  if (length !== endOf(right, rightRow) - startOf(right, rightRow)) return false;
  return isSameSpan(left.bytes, startOf(left, leftRow), right.bytes, startOf(right, rightRow), length);
}

function startOf({ offsets }: TextColumn, row: number): number {
  return offsets[row] ?? missing('offsets');
}

function endOf({ offsets }: TextColumn, row: number): number {
  return offsets[row + 1] ?? missing('offsets');
}
