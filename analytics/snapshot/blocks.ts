import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { missing } from '../../indicium/index.ts';

/** What a snapshot is known by: a file with other bytes is another one. */
export interface SnapshotIdentity {
  readonly bytes: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/** A system call takes no more than 2 GiB. */
const BYTES_A_CALL = 2 ** 30;
const LENGTH_BYTES = 8;

/** Flat arrays one after another, each with its length in bytes before it, in the order of bytes of this machine. */
export class BlockWriter {
  readonly #file: number;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  /** Makes the file anew. @throws NodeJS.ErrnoException */
  constructor(path: string) {
    this.#file = openSync(path, 'wx');
  }

  array(values: NodeJS.TypedArray): void {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeBigUInt64LE(BigInt(values.byteLength));
    this.#write(length);
    this.#write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  json(value: unknown): void {
    this.array(Buffer.from(JSON.stringify(value)));
  }

  /** Durable when it returns. */
  finish(): SnapshotIdentity {
    fsyncSync(this.#file);
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#file, bytes, at, Math.min(BYTES_A_CALL, bytes.length - at));
    }
  }
}

/** The blocks of a file in turn, each over memory of its own. */
export class BlockReader {
  readonly #blocks: readonly ArrayBuffer[];
  #next = 0;

  constructor(blocks: readonly ArrayBuffer[]) {
    this.#blocks = blocks;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#take());
  }

  halves(): Uint16Array<ArrayBuffer> {
    return new Uint16Array(this.#take());
  }

  words(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#take());
  }

  integers(): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#take());
  }

  doubles(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#take());
  }

  /** A block of one number. */
  double(): number {
    return this.doubles()[0] ?? missing('doubles');
  }

  longs(): BigUint64Array<ArrayBuffer> {
    return new BigUint64Array(this.#take());
  }

  json(): unknown {
    return JSON.parse(Buffer.from(this.#take()).toString());
  }

  #take(): ArrayBuffer {
    const block = this.#blocks[this.#next];
    if (block === undefined)
      throw new RangeError(`a snapshot of ${this.#blocks.length} blocks, and more are asked for`);
    this.#next += 1;
    return block;
  }
}

/** The blocks of a file; null where it is missing, or is not the one that is meant. @throws NodeJS.ErrnoException */
export function readBlocks(path: string, { bytes, sha256 }: SnapshotIdentity): BlockReader | null {
  const file = opened(path);
  if (file === null) return null;
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size !== bytes) return null;
    const hash = createHash('sha256');
    const blocks: ArrayBuffer[] = [];
    for (let at = 0; at < bytes; ) {
      const length = Buffer.alloc(LENGTH_BYTES);
      if (!fill(file, length)) return null;
      at += LENGTH_BYTES;
      const blockBytes = Number(length.readBigUInt64LE());
      if (blockBytes > bytes - at) return null;
      const block = new ArrayBuffer(blockBytes);
      if (!fill(file, new Uint8Array(block))) return null;
      hash.update(length).update(new Uint8Array(block));
      blocks.push(block);
      at += blockBytes;
    }
    return hash.digest('hex') === sha256 ? new BlockReader(blocks) : null;
  } finally {
    closeSync(file);
  }
}

/** Does not wait for somebody to write to a pipe of that name. */
function opened(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** False where the file ends before. */
function fill(file: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, Math.min(BYTES_A_CALL, bytes.length - at), null);
    if (read === 0) return false;
    at += read;
  }
  return true;
}
