import type { MessageHeaders } from '../client-port.ts';

/** What each kind of message says of itself, in the binary mode of CloudEvents 1.0 for Kafka. Versions end the names. */
export const EVENT_TYPES = {
  scans: 'indicia.scans.v1',
  image: 'indicia.image.v1',
  readings: 'indicia.readings.v1',
  verdicts: 'indicia.verdicts.v1',
  finding: 'indicia.finding.v1',
  revision: 'indicia.revision.v1',
  deadLetter: 'indicia.dead-letter.v1',
} as const;

export type EventType = (typeof EVENT_TYPES)[keyof typeof EVENT_TYPES];

interface EventAttributes {
  readonly type: EventType;
  /** Unique together with the source. */
  readonly id: string;
  readonly source: string;
  readonly timeMs: number;
  readonly contentType: string;
}

export function eventHeaders({ type, id, source, timeMs, contentType }: EventAttributes): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_type: type,
    ce_id: id,
    ce_source: source,
    ce_time: new Date(timeMs).toISOString(),
    'content-type': contentType,
  };
}

/** Text of a header; null where there is none. */
export function headerText(headers: MessageHeaders, name: string): string | null {
  return headers[name]?.toString() ?? null;
}
