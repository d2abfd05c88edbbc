import { recordText, type ScanLines, ScanLinesBuilder } from '../../scans/index.ts';
import type { StoredMessage } from './client-port.ts';
import type { ImageSpool } from './image-spool.ts';
import { problemWith, tooLong } from './malformed-scans.ts';
import type { DeadLetterReason, Origin } from './messages/dead-letter.ts';
import { readScanMessage, type ScanMessage } from './messages/scan-message.ts';

/** The scans of some messages of one partition, as lines for a reader, and what nothing could be made of; a line is not looked into. */
interface ScanMessages {
  readonly lines: ScanLines;
  /** For each line, in their order; with the number and bytes of the line where it is not all of the message. */
  readonly origins: readonly Origin[];
  readonly dead: readonly (readonly [Origin, DeadLetterReason])[];
  /** To be called once the lines were read: pictures are files until then. */
  release(): Promise<void>;
}

/** Lines that name a file are of another machine: there is no folder that its path could be relative to. */
const NO_IMAGES = '/nonexistent/pictures-come-as-messages';

export async function gatherScans(
  topic: string,
  messages: readonly StoredMessage[],
  spool: ImageSpool,
): Promise<ScanMessages> {
  const read = messages.map((message) => ({ message, its: orFailed(() => readScanMessage(message)) }));
  const hasImages = read.some(({ its }) => 'kind' in its && its.kind === 'image');
  const pictures = hasImages ? await spool.batch() : null;
  const builder = new ScanLinesBuilder(topic, { imageFolder: pictures?.folder ?? NO_IMAGES });
  const origins: Origin[] = [];
  const dead: [Origin, DeadLetterReason][] = [];
  for (const { message, its } of read) {
    if ('code' in its) dead.push([{ topic, message }, its]);
    else if (its.kind === 'lines') {
      for (const [index, bytes] of its.lines.entries()) {
        const origin = { topic, message, line: { number: index + 1, bytes } };
        const detail = tooLong(bytes);
        if (detail === null) {
          builder.add(asLine(bytes));
          origins.push(origin);
        } else dead.push([origin, { code: 'not-a-scan', detail }]);
      }
    } else {
      const image = await pictures?.add(message.value ?? Buffer.alloc(0), its.extension);
      const made = orFailed(() => imageLine(its.fields, image));
      if ('code' in made) dead.push([{ topic, message }, made]);
      else {
        builder.add(asLine(made.bytes));
        origins.push({ topic, message });
      }
    }
  }
  return { lines: builder.take(origins.length), origins, dead, release: async () => pictures?.remove() };
}

/** What is made of a message; a message that this program fails at must not hold up those behind it. */
function orFailed<Made extends object>(make: () => Made): Made | DeadLetterReason {
  try {
    return make();
  } catch (error) {
    return {
      code: 'failed-here',
      detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  }
}

function imageLine(
  fields: Extract<ScanMessage, { kind: 'image' }>['fields'],
  image: string | undefined,
): { readonly bytes: Buffer } | DeadLetterReason {
  const bytes = Buffer.from(recordText({ ...fields, payload: undefined, image }));
  const problem = problemWith(bytes);
  return problem === null ? { bytes } : { code: 'bad-scan-fields', detail: problem };
}

function asLine(bytes: Buffer) {
  return { bytes, skippedDigest: null, endOffset: 0, isTerminated: true };
}
