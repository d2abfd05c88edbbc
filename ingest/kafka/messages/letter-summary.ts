import { excerpt } from '../../../indicium/index.ts';
import type { MessageHeaders, StoredMessage } from '../client-port.ts';
import { DEAD_LETTER_LOOK_BYTES_MAX } from '../limits.ts';
import { headerText } from './cloud-events.ts';
import { ORIGINAL, REDRIVEN_HEADER, redriven } from './dead-letter.ts';

/** A dead letter as it is listed. Texts that came with it are cut to what an excerpt holds. */
export interface LetterSummary {
  /** Where it lies in the topic of dead letters. */
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
  readonly detail: string;
  /** The topic that it came from; where it lay there, as `topic/partition@offset` with `:line` for one line. */
  readonly topic: string;
  readonly position: string;
  /** Of a message of several lines, that of the first; null where nothing says it. */
  readonly scanId: string | null;
  /** When it became a dead letter, ISO 8601. */
  readonly at: string;
  readonly bytes: number;
  /** How often its message had been put back before. */
  readonly redriven: number;
  /** Whether the next redrive comes to it, and whether it puts it back. */
  readonly waiting: boolean;
  readonly revivable: boolean;
}

/** `waitingFrom`: how far its partition was redriven. */
export function letterSummary(letter: StoredMessage, topics: ReadonlySet<string>, waitingFrom: bigint): LetterSummary {
  const { partition, offset, headers, value, timestampMs } = letter;
  const text = (name: string) => excerpt(headerText(headers, name) ?? '');
  return {
    partition,
    offset: String(offset),
    reason: text('dead-reason'),
    detail: text('dead-detail'),
    topic: text('dead-topic'),
    position: text('dead-position'),
    scanId: scanIdOf(headers, value),
    at: new Date(timestampMs).toISOString(),
    bytes: value?.length ?? 0,
    redriven: Number(headerText(headers, `${ORIGINAL}${REDRIVEN_HEADER}`)) || 0,
    waiting: offset >= waitingFrom,
    revivable: redriven(letter, topics) !== null,
  };
}

/** A picture names its scan in a header, lines name it themselves. */
function scanIdOf(headers: MessageHeaders, value: Buffer | null): string | null {
  const header = headers[`${ORIGINAL}scan`];
  const fields = header === undefined ? firstLine(value) : Buffer.from(header);
  if (fields.length > DEAD_LETTER_LOOK_BYTES_MAX || fields[0] !== BRACE) return null;
  const scan = parsed(fields.toString('utf8'));
  if (typeof scan !== 'object' || scan === null || !('scanId' in scan) || typeof scan.scanId !== 'string') return null;
  return excerpt(scan.scanId);
}

const BRACE = 0x7b;

function firstLine(value: Buffer | null): Buffer {
  if (value === null) return Buffer.alloc(0);
  const end = value.subarray(0, DEAD_LETTER_LOOK_BYTES_MAX).indexOf('\n');
  return end === -1 ? value : value.subarray(0, end);
}

/** Undefined for what is not JSON: a dead letter is not to be processed. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
