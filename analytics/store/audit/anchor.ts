import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { flush } from '../staging.ts';
import { storeFile } from '../store-file.ts';
import { HEAD_BYTES } from './chain.ts';

/** What the store held when something was last acknowledged. */
export interface Anchored {
  /** Number of the last commit: see commits.ts. */
  readonly commitNumber: bigint;
  readonly rows: bigint;
  readonly head: Uint8Array;
  readonly entries: bigint;
  readonly ledgerHead: Uint8Array;
}

/** What an anchor of version 4 of the store says: it knows neither commits nor a ledger. */
export type OldAnchored = Pick<Anchored, 'rows' | 'head'>;

/** Magic, rows, head, number of the commit, entries of the ledger and its head, and a checksum over them. */
const MAGIC = Buffer.from('INDANCH2', 'latin1');
const ROWS_AT = MAGIC.length;
const HEAD_AT = ROWS_AT + 8;
const COMMIT_AT = HEAD_AT + HEAD_BYTES;
const ENTRIES_AT = COMMIT_AT + 8;
const LEDGER_HEAD_AT = ENTRIES_AT + 8;
const CHECKSUM_AT = LEDGER_HEAD_AT + HEAD_BYTES;
const RECORD_BYTES = CHECKSUM_AT + 4;
/** Of version 4: magic, rows, head and a checksum. */
const OLD_MAGIC = Buffer.from('INDANCH1', 'latin1');
const OLD_CHECKSUM_AT = HEAD_AT + HEAD_BYTES;
/** Each record has a sector of its own: a write that is torn spoils one of the two, never both. */
const SLOT_BYTES = 4_096;
const SLOTS = 2;

export function anchorPath(store: string): string {
  return `${storeFile(store)}.anchor`;
}

/**
 * A file beside the store that says how far the store had come. DuckDB opens a file whose write-ahead log was cut off
 * or deleted without a word, short of commits that were acknowledged; a comparison with its anchor shows that.
 *
 * Two slots are written in turn, so that a power cut while one is written leaves the other.
 */
export class Anchor {
  /** Null when it is closed: its number may be another file's by then. */
  #file: number | null;
  #slot: number;

  private constructor(file: number, slot: number) {
    this.#file = file;
    this.#slot = slot;
  }

  static open(store: string): Anchor {
    const path = anchorPath(store);
    const newest = newestSlot(path);
    const isNew = !existsSync(path);
    const file = openSync(path, isNew ? 'w+' : 'r+');
    if (isNew) flush(dirname(path));
    return new Anchor(file, newest === null ? 0 : newest.slot + 1);
  }

  /** Durable when it returns. */
  write(anchored: Anchored): void {
    if (this.#file === null) throw new Error('the anchor is closed');
    writeSync(this.#file, encodeAnchor(anchored), 0, RECORD_BYTES, (this.#slot % SLOTS) * SLOT_BYTES);
    fdatasyncSync(this.#file);
    this.#slot += 1;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

/** Forgets what the anchor said: for a store that begins with rows, or was put back to an earlier state on purpose. */
export function resetAnchor(store: string, anchored: Anchored): void {
  const anchor = Anchor.open(store);
  for (let slot = 0; slot < SLOTS; slot++) anchor.write(anchored);
  anchor.close();
}

/** Null where there is no anchor, or none that is whole. */
export function readAnchor(store: string): Anchored | null {
  return newestSlot(anchorPath(store));
}

/** The anchor of a store of version 4; null if it is missing or damaged. */
export function readOldAnchor(store: string): OldAnchored | null {
  return newestOf(slotsOf(anchorPath(store)).map(decodeOldAnchor), ({ rows }) => rows);
}

export function encodeAnchor({ rows, head, commitNumber, entries, ledgerHead }: Anchored): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  MAGIC.copy(record);
  record.writeBigUInt64BE(rows, ROWS_AT);
  record.set(head, HEAD_AT);
  record.writeBigUInt64BE(commitNumber, COMMIT_AT);
  record.writeBigUInt64BE(entries, ENTRIES_AT);
  record.set(ledgerHead, LEDGER_HEAD_AT);
  record.writeUInt32BE(crc32(record.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return record;
}

/** Null for what is not a record, or one that was torn. */
export function decodeAnchor(bytes: Buffer): Anchored | null {
  if (!isRecord(bytes, MAGIC, CHECKSUM_AT)) return null;
  return {
    rows: bytes.readBigUInt64BE(ROWS_AT),
    head: bytes.subarray(HEAD_AT, COMMIT_AT),
    commitNumber: bytes.readBigUInt64BE(COMMIT_AT),
    entries: bytes.readBigUInt64BE(ENTRIES_AT),
    ledgerHead: bytes.subarray(LEDGER_HEAD_AT, CHECKSUM_AT),
  };
}

function decodeOldAnchor(bytes: Buffer): OldAnchored | null {
  if (!isRecord(bytes, OLD_MAGIC, OLD_CHECKSUM_AT)) return null;
  return { rows: bytes.readBigUInt64BE(ROWS_AT), head: bytes.subarray(HEAD_AT, OLD_CHECKSUM_AT) };
}

function isRecord(bytes: Buffer, magic: Buffer, checksumAt: number): boolean {
  return (
    bytes.length >= checksumAt + 4 &&
    bytes.subarray(0, magic.length).equals(magic) &&
    bytes.readUInt32BE(checksumAt) === crc32(bytes.subarray(0, checksumAt))
  );
}

/** What lies where the slots are; an anchor is a regular file of two, and nothing behind them is read. */
function slotsOf(path: string): Buffer[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  return Array.from({ length: SLOTS }, (_, slot) =>
    bytes.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + RECORD_BYTES),
  );
}

function newestSlot(path: string): (Anchored & { readonly slot: number }) | null {
  const records = slotsOf(path).map((bytes, slot) => {
    const record = decodeAnchor(bytes);
    return record === null ? null : { ...record, slot };
  });
  return newestOf(records, ({ commitNumber }) => commitNumber);
}

/** Of two that are as new as each other the last one. */
function newestOf<Record>(records: readonly (Record | null)[], ageOf: (record: Record) => bigint): Record | null {
  return records.reduce((newest, record) => {
    if (record === null) return newest;
    return newest === null || ageOf(record) >= ageOf(newest) ? record : newest;
  }, null);
}
