import type { NewMessage, StoredMessage } from '../client-port.ts';
import { EVENT_TYPES, eventHeaders, headerText } from './cloud-events.ts';

/** Why nothing could be made of a message: a closed set. A mark that is not genuine has a verdict, and is none of these. */
export const POISONS = {
  'null-value': 'The message has no value.',
  'empty-value': 'The message has no line in it.',
  'too-large': 'The message is larger than any scan.',
  'unknown-content-type': 'The message is neither lines of JSON nor a picture.',
  'unknown-version': 'The message is of a kind or version that is not known here.',
  'bad-scan-fields': 'The message is a picture whose header does not say which scan it is.',
  'not-a-scan': 'The line is no JSON object with a scan id.',
  'bad-readings': 'The message is no whole batch of readings.',
} as const;

export type PoisonCode = keyof typeof POISONS;

export interface Poison {
  readonly poison: PoisonCode;
  /** For people. */
  readonly detail: string;
}

/** Before the names of the headers that the message had. */
const ORIGINAL = 'original-';
/** How often a message was put back. */
export const REDRIVEN_HEADER = 'redriven';

export interface Origin {
  readonly topic: string;
  readonly message: StoredMessage;
  /** Where one line is meant and not the whole message, its number from 1 and its bytes. */
  readonly line?: { readonly number: number; readonly bytes: Buffer };
}

/** The bytes as they came, with why nothing could be made of them and where they lay. */
export function deadLetter(to: string, { topic, message, line }: Origin, { poison, detail }: Poison): NewMessage {
  const place = `${topic}/${message.partition}@${message.offset}${line === undefined ? '' : `:${line.number}`}`;
  const original = Object.entries(message.headers).map(([name, value]) => [`${ORIGINAL}${name}`, value] as const);
  return {
    topic: to,
    partition: null,
    key: message.key,
    value: line === undefined ? message.value : line.bytes,
    headers: {
      ...Object.fromEntries(original),
      ...eventHeaders({
        type: EVENT_TYPES.deadLetter,
        id: place,
        source: `/indicia/${topic}`,
        timeMs: message.timestampMs,
        contentType: headerText(message.headers, 'content-type') ?? 'application/octet-stream',
      }),
      'dead-topic': topic,
      'dead-position': place,
      'dead-reason': poison,
      'dead-detail': detail,
    },
  };
}

/** The message as it was before; null for one that never was a dead letter of these topics. */
export function revived(letter: StoredMessage, topics: ReadonlySet<string>): NewMessage | null {
  const topic = headerText(letter.headers, 'dead-topic');
  if (topic === null || !topics.has(topic)) return null;
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
