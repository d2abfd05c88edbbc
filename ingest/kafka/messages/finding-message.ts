import { hash } from 'node:crypto';
import type { Finding } from '../../../indicium/index.ts';
import type { NewMessage } from '../client-port.ts';
import { EVENT_TYPES, eventHeaders } from './cloud-events.ts';

/** What a store says of a finding, with the key that tells apart two of one kind about one register set. */
export interface KeyedFinding {
  readonly key: string;
  readonly finding: Finding;
}

/** A verdict that later evidence changed, as `indicia revisions` prints it, with its number in its store. */
export interface NumberedRevision {
  readonly sequence: number;
  readonly revision: {
    readonly scanId: string;
    readonly plant: string | null;
    readonly from: string;
    readonly to: string;
    readonly kinds: readonly string[];
    readonly policyVersion: number;
  };
}

interface Event {
  readonly source: string;
  readonly timeMs: number;
}

/** Keyed by what it is about, so that compaction keeps its newest state. */
export function findingMessage(to: string, { key, finding }: KeyedFinding, event: Event): NewMessage {
  const value = JSON.stringify(finding);
  return {
    topic: to,
    partition: null,
    key,
    value: Buffer.from(value),
    headers: eventHeaders({
      ...event,
      type: EVENT_TYPES.finding,
      id: hash('sha256', `${key}\n${value}`, 'hex').slice(0, 32),
      contentType: 'application/json',
    }),
  };
}

/** A finding that no longer holds: nothing under its key. */
export function findingRetracted(to: string, key: string, event: Event): NewMessage {
  const id = `${key}/gone`;
  const headers = eventHeaders({ ...event, type: EVENT_TYPES.finding, id, contentType: 'application/json' });
  return { topic: to, partition: null, key, value: null, headers };
}

export function revisionMessage(to: string, { sequence, revision }: NumberedRevision, event: Event): NewMessage {
  return {
    topic: to,
    partition: null,
    key: revision.scanId,
    value: Buffer.from(JSON.stringify(revision)),
    headers: eventHeaders({
      ...event,
      type: EVENT_TYPES.revision,
      id: `${event.source}/${sequence}`,
      contentType: 'application/json',
    }),
  };
}
