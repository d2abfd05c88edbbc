import { excerpt, plural } from '../../../indicium/index.ts';
import type { NewMessage, StoredMessage } from '../client-port.ts';
import {
  DEAD_LETTER_HEADERS_BYTES_MAX,
  DEAD_LETTER_KEY_BYTES_MAX,
  DEAD_LETTER_VALUE_BYTES_MAX,
  DEAD_LINE_HEADERS_BYTES_MAX,
} from '../limits.ts';
import { EVENT_TYPES, eventHeaders, headerText } from './cloud-events.ts';

/** Why a message could not be processed: a closed set. A mark that is not genuine has a verdict instead. */
export const DEAD_LETTER_REASONS = {
  'null-value': 'The message has no value.',
  'empty-value': 'The message has no line in it.',
  'too-large': 'The message is larger than any scan.',
  'unknown-content-type': 'The message is neither lines of JSON nor a picture.',
  'unknown-version': 'The message is of a kind or version that is not known here.',
  'bad-scan-fields': 'The message is a picture whose header does not say which scan it is.',
  'not-a-scan': 'The line is not a JSON object with a scan id.',
  'bad-readings': 'The message is not a whole batch of readings.',
  'failed-here': 'The program failed at the message, which is a bug.',
} as const;

export type DeadLetterCode = keyof typeof DEAD_LETTER_REASONS;

export interface DeadLetterReason {
  readonly code: DeadLetterCode;
  /** For people. */
  readonly detail: string;
}

/** Before the names of the headers that the message had. */
export const ORIGINAL = 'original-';
/** How often a message was put back. */
export const REDRIVEN_HEADER = 'redriven';

/** Says which parts of its message a dead letter does not have: such a one is not put back. */
const LEFT_OUT_HEADER = 'dead-left-out';

export interface Origin {
  readonly topic: string;
  readonly message: StoredMessage;
  /** Where one line is meant and not the whole message, its number from 1 and its bytes. */
  readonly line?: { readonly number: number; readonly bytes: Buffer };
}

/** The bytes as they came, with why nothing could be made of them and where they lay. */
export function deadLetter(
  to: string,
  { topic, message, line }: Origin,
  { code, detail }: DeadLetterReason,
): NewMessage {
  const place = `${topic}/${message.partition}@${message.offset}${line === undefined ? '' : `:${line.number}`}`;
  const whole = line === undefined ? message.value : line.bytes;
  const isKeyKept = (message.key?.length ?? 0) <= DEAD_LETTER_KEY_BYTES_MAX;
  const original = keptHeaders(
    message,
    line === undefined ? DEAD_LETTER_HEADERS_BYTES_MAX : DEAD_LINE_HEADERS_BYTES_MAX,
  );
  const left = Object.keys(message.headers).length - original.length;
  return {
    topic: to,
    partition: null,
    key: isKeyKept ? message.key : null,
    value: whole?.subarray(0, DEAD_LETTER_VALUE_BYTES_MAX) ?? null,
    headers: {
      ...Object.fromEntries(original),
      ...eventHeaders({
        type: EVENT_TYPES.deadLetter,
        id: place,
        source: `/indicia/${topic}`,
        timeMs: message.timestampMs,
        contentType: excerpt(headerText(message.headers, 'content-type') ?? 'application/octet-stream'),
      }),
      'dead-topic': topic,
      'dead-position': place,
      'dead-reason': code,
      'dead-detail': excerpt(detail),
      ...omittedParts(whole, isKeyKept, left),
    },
  };
}

/** What lets a dead letter be no longer than the brokers take, for any message; empty for most. */
function omittedParts(whole: Buffer | null, isKeyKept: boolean, headers: number): Record<string, string> {
  const parts = [
    ...(whole !== null && whole.length > DEAD_LETTER_VALUE_BYTES_MAX
      ? [`the value from byte ${DEAD_LETTER_VALUE_BYTES_MAX} on`]
      : []),
    ...(isKeyKept ? [] : ['the key']),
    ...(headers === 0 ? [] : [plural(headers, 'header')]),
  ];
  return parts.length === 0 ? {} : { [LEFT_OUT_HEADER]: parts.join(', ') };
}

/** Headers of a message under the names that they have in its dead letter, as long as there is room for them. */
function keptHeaders({ headers }: StoredMessage, bytesMax: number): (readonly [string, string | Buffer])[] {
  const kept: (readonly [string, string | Buffer])[] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    bytes += ORIGINAL.length + Buffer.byteLength(name) + Buffer.byteLength(value);
    if (bytes > bytesMax) break;
    kept.push([`${ORIGINAL}${name}`, value]);
  }
  return kept;
}

/** The message as it was before; null for one that never was a dead letter of these topics, or lacks a part. */
export function redriven(letter: StoredMessage, topics: ReadonlySet<string>): NewMessage | null {
  const topic = headerText(letter.headers, 'dead-topic');
  if (topic === null || !topics.has(topic) || headerText(letter.headers, LEFT_OUT_HEADER) !== null) return null;
  const headers = Object.entries(letter.headers)
    .filter(([name]) => name.startsWith(ORIGINAL))
    .map(([name, value]) => [name.slice(ORIGINAL.length), value] as const);
  const before = Number(headerText(Object.fromEntries(headers), REDRIVEN_HEADER) ?? 0);
  return {
    topic,
    partition: null,
    key: letter.key,
    value: letter.value,
    headers: { ...Object.fromEntries(headers), [REDRIVEN_HEADER]: String(before + 1) },
  };
}
