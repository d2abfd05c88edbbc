import { createHash } from 'node:crypto';
import { LINE_BYTES_MAX } from '../limits.ts';
import type { Line } from '../lines.ts';
import { type ScanLines, ScanLinesBuilder } from '../scan-lines.ts';
import type { StoredMessage } from './client-port.ts';
import type { ImageSpool } from './image-spool.ts';
import type { Origin, Poison } from './messages/dead-letter.ts';
import { readScanMessage, type ScanMessage } from './messages/scan-message.ts';

/** The scans of some messages of one partition, as lines for a reader, and what nothing could be made of. */
export interface ScanMessages {
  readonly lines: ScanLines;
  /** For each line, in their order; with the number and bytes of the line where it is not all of the message. */
  readonly origins: readonly Origin[];
  readonly dead: readonly (readonly [Origin, Poison])[];
  /** To be called once the lines were read: pictures are files until then. */
  release(): Promise<void>;
}

/** Begins the scan id of a line that has none of its own; no machine gives such ids. */
export const NO_SCAN_ID = '\u{0}line';

/** Lines that name a file are of another machine: there is no folder that its path could be relative to. */
const NO_IMAGES = '/nonexistent/pictures-come-as-messages';

export async function gatherScans(
  topic: string,
  messages: readonly StoredMessage[],
  spool: ImageSpool,
): Promise<ScanMessages> {
  const read = messages.map((message) => ({ message, its: readScanMessage(message) }));
  const hasImages = read.some(({ its }) => 'kind' in its && its.kind === 'image');
  const pictures = hasImages ? await spool.batch() : null;
  const builder = new ScanLinesBuilder(NO_SCAN_ID, pictures?.folder ?? NO_IMAGES);
  const origins: Origin[] = [];
  const dead: [Origin, Poison][] = [];
  for (const { message, its } of read) {
    if ('poison' in its) dead.push([{ topic, message }, its]);
    else if (its.kind === 'lines') {
      for (const [index, bytes] of its.lines.entries()) {
        builder.add(asLine(bytes));
        origins.push({ topic, message, line: { number: index + 1, bytes } });
      }
    } else {
      const image = await pictures?.add(message.value ?? Buffer.alloc(0), its.extension);
      builder.add(asLine(imageLine(its.fields, image)));
      origins.push({ topic, message });
    }
  }
  return { lines: builder.take(origins.length), origins, dead, release: async () => pictures?.remove() };
}

function imageLine(fields: Extract<ScanMessage, { kind: 'image' }>['fields'], image: string | undefined): Buffer {
  return Buffer.from(JSON.stringify({ ...fields, payload: undefined, image }));
}

function asLine(bytes: Buffer): Line {
  const line = { endOffset: 0, isTerminated: true };
  if (bytes.length <= LINE_BYTES_MAX) return { ...line, bytes, skippedDigest: null };
  return { ...line, bytes: null, skippedDigest: createHash('sha256').update(bytes).digest('hex') };
}
