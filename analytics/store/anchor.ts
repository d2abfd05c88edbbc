import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { HEAD_BYTES } from './chain.ts';

/** What the store held when something was last acknowledged. */
export interface Anchored {
  readonly rows: bigint;
  readonly head: Uint8Array;
}

/** Magic, rows, head, and a checksum over them. */
const MAGIC = Buffer.from('INDANCH1', 'latin1');
const ROWS_AT = MAGIC.length;
const HEAD_AT = ROWS_AT + 8;
const CHECKSUM_AT = HEAD_AT + HEAD_BYTES;
const RECORD_BYTES = CHECKSUM_AT + 4;
/** Each record has a sector of its own: a write that is torn spoils one of the two, never both. */
const SLOT_BYTES = 4_096;
const SLOTS = 2;

export function anchorPath(store: string): string {
  return `${store}.anchor`;
}

/**
 * A file beside the store that says how far the store had come. DuckDB opens a file whose write-ahead log was cut off
 * or deleted without a word, short of commits that were acknowledged; whoever compares it with its anchor notices.
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
    if (isNew) {
      const folder = openSync(dirname(path), 'r');
      fsyncSync(folder);
      closeSync(folder);
    }
    return new Anchor(file, newest === null ? 0 : newest.slot + 1);
  }

  /** Durable when it returns. */
  write({ rows, head }: Anchored): void {
    const record = Buffer.alloc(RECORD_BYTES);
    MAGIC.copy(record);
    record.writeBigUInt64BE(rows, ROWS_AT);
    record.set(head, HEAD_AT);
    record.writeUInt32BE(crc32(record.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
    if (this.#file === null) throw new Error('the anchor is closed');
    writeSync(this.#file, record, 0, RECORD_BYTES, (this.#slot % SLOTS) * SLOT_BYTES);
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

function newestSlot(path: string): (Anchored & { readonly slot: number }) | null {
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  const records = Array.from({ length: SLOTS }, (_, slot) => {
    const record = bytes.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + RECORD_BYTES);
    const isWhole =
      record.length === RECORD_BYTES &&
      record.subarray(0, MAGIC.length).equals(MAGIC) &&
      record.readUInt32BE(CHECKSUM_AT) === crc32(record.subarray(0, CHECKSUM_AT));
    return isWhole
      ? { slot, rows: record.readBigUInt64BE(ROWS_AT), head: record.subarray(HEAD_AT, CHECKSUM_AT) }
      : null;
  });
  return records.reduce((newest, record) => {
    if (record === null) return newest;
    return newest === null || record.rows >= newest.rows ? record : newest;
  }, null);
}
