import { createHash } from 'node:crypto';
import { type Column, FNV_PRIME, isInt64, isText, isValid, missing, type TextColumn } from '../../../indicium/index.ts';

/**
 * One link for each batch of evidence: what its rows were when they were written. A row that was changed since is found
 * by its check; rows and checks changed together by the digest; rows, checks and digests changed together by the heads,
 * of which the last one is also kept outside the file (anchor.ts).
 */
export interface Link {
  readonly firstRow: bigint;
  readonly rows: number;
  /** 32 bits for each row, little-endian. They name a row; they do not protect it. */
  readonly rowChecks: Uint8Array;
  /** SHA-256 over all columns of the batch. */
  readonly digest: Uint8Array;
  /** SHA-256 over the head before and all of this: see headOf. */
  readonly head: Uint8Array;
  /** Version of the store that its rows were written by: which columns the digest covers, and what the head. */
  readonly version: number;
  /** Number of the commit that it was written with: see commits.ts. Those of version 4 have 0. */
  readonly commitNumber: bigint;
  /** Digest of how far all sources were read after the commit: see position-digest.ts. Null in links of version 4. */
  readonly positions: Uint8Array | null;
}

/** What a link says beside its rows. */
export type LinkPlace = Pick<Link, 'version' | 'commitNumber' | 'positions'>;

export const HEAD_BYTES = 32;
/** The head before the first link. */
export const NO_HEAD: Uint8Array = new Uint8Array(HEAD_BYTES);

/** The columns are those of the evidence table of this version, in its order. */
export function linkOfColumns(
  firstRow: bigint,
  rows: number,
  columns: readonly Column[],
  headBefore: Uint8Array,
  place: LinkPlace,
): Link {
  const rowChecks = new Uint8Array(rowChecksOf(columns, rows).buffer);
  const link = { ...place, firstRow, rows, rowChecks, digest: digestOf(columns, rows) };
  return { ...link, head: headOf(headBefore, link) };
}

/** A link without rows, for a commit that moved sources only. */
export function emptyLink(firstRow: bigint, headBefore: Uint8Array, place: LinkPlace): Link {
  const link = { ...place, firstRow, rows: 0, rowChecks: new Uint8Array(), digest: new Uint8Array() };
  return { ...link, head: headOf(headBefore, link) };
}

/** Links of version 4 say nothing of commits and sources, and their heads nothing of checks. */
export const FIRST_VERSION_WITH_COMMITS = 5;

export function headOf(headBefore: Uint8Array, link: Omit<Link, 'head'>): Buffer {
  const place = Buffer.alloc(16);
  place.writeBigUInt64BE(link.firstRow, 0);
  place.writeBigUInt64BE(BigInt(link.rows), 8);
  const hash = createHash('sha256').update(headBefore).update(place);
  if (link.version >= FIRST_VERSION_WITH_COMMITS) {
    const commit = Buffer.alloc(12);
    commit.writeUInt32BE(link.version, 0);
    commit.writeBigUInt64BE(link.commitNumber, 4);
    hash
      .update(commit)
      .update(link.positions ?? NO_HEAD)
      .update(link.rowChecks);
  }
  return hash.update(link.digest).digest();
}

export function digestOf(columns: readonly Column[], rows: number): Buffer {
  const hash = createHash('sha256');
  for (const column of columns) {
    if (isText(column)) {
      hash.update(column.offsets).update(column.bytes.subarray(0, column.offsets[rows]));
    } else {
      hash.update(isInt64(column) ? column.words : column.values);
    }
    // A column without nulls and one whose every row is marked as valid are the same.
    hash.update(column.valid ?? NOT_NULL);
  }
  return hash.digest();
}

const NOT_NULL = new Uint8Array(1);

/** FNV-1a, 32 bits: a byte or a word at a time. */
const FNV_START = 0x811c9dc5;
const NULL_MARK = 0xdead;

export function rowChecksOf(columns: readonly Column[], rows: number): Uint32Array<ArrayBuffer> {
  const checks = new Uint32Array(rows).fill(FNV_START);
  for (const column of columns) {
    if (isText(column)) mixTexts(checks, column);
    else if (isInt64(column)) mixWords(checks, column.words, 2);
    else mixWords(checks, column.values, 1);
    if (column.valid === null) continue;
    for (let row = 0; row < rows; row++) {
      if (!isValid(column.valid, row))
        checks[row] = Math.imul((checks[row] ?? missing('checks')) ^ NULL_MARK, FNV_PRIME);
    }
  }
  return checks;
}

function mixTexts(checks: Uint32Array<ArrayBuffer>, { offsets, bytes }: TextColumn): void {
  let start = 0;
  for (let row = 0; row < checks.length; row++) {
    const end = offsets[row + 1] ?? start;
    let check = Math.imul((checks[row] ?? missing('checks')) ^ (end - start), FNV_PRIME);
    for (let at = start; at < end; at++) check = Math.imul(check ^ (bytes[at] ?? missing('bytes')), FNV_PRIME);
    checks[row] = check;
    start = end;
  }
}

function mixWords(checks: Uint32Array<ArrayBuffer>, words: Uint32Array, wordsPerRow: 1 | 2): void {
  for (let row = 0; row < checks.length; row++) {
    let check = Math.imul(
      (checks[row] ?? missing('checks')) ^ (words[row * wordsPerRow] ?? missing('words')),
      FNV_PRIME,
    );
    if (wordsPerRow === 2) check = Math.imul(check ^ (words[2 * row + 1] ?? missing('words')), FNV_PRIME);
    checks[row] = check;
  }
}
