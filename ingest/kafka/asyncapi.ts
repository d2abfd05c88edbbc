import { Type } from 'typebox';
import { DISPOSITIONS, REASON_CODES, ROLES, SEVERITIES, UNCHECKED_CODES } from '../../indicium/index.ts';
import { SCAN_FIELDS } from '../../scans/shapes/index.ts';
import { EVENT_TYPES, type EventType } from './messages/cloud-events.ts';
import { DEAD_LETTER_REASONS } from './messages/dead-letter.ts';
import { READING_LAYOUT, READINGS_CONTENT_TYPE } from './messages/readings-codec.ts';
import { IMAGE_EXTENSIONS, LINES_CONTENT_TYPE, SCAN_HEADER } from './messages/scan-message.ts';
import { TOPICS, type TopicName } from './topics.ts';

const text = { type: 'string' } as const;

interface MessageSpec {
  readonly topic: TopicName;
  readonly type: EventType;
  readonly summary: string;
  readonly contentType: string;
  readonly payload: object;
  readonly headers?: Readonly<Record<string, object>>;
}

/** As JSON, which the document is. */
const SCAN_LINE: object = JSON.parse(JSON.stringify(Type.Object(SCAN_FIELDS)));

const MESSAGES: Readonly<Record<string, MessageSpec>> = {
  scans: {
    topic: 'scans',
    type: EVENT_TYPES.scans,
    summary: 'One scan a line; unknown fields are kept. Plants gather the scans of 10 to 50 ms of one machine.',
    contentType: LINES_CONTENT_TYPE,
    payload: SCAN_LINE,
  },
  image: {
    topic: 'scans',
    type: EVENT_TYPES.image,
    summary: `One picture; content types ${[...IMAGE_EXTENSIONS.keys()].join(', ')} (a raw frame, with its size in the scan).`,
    contentType: 'image/png',
    payload: { type: 'string', contentEncoding: 'binary' },
    headers: { [SCAN_HEADER]: { type: 'string', description: 'The fields of the scan, as JSON.' } },
  },
  readings: {
    topic: 'readings',
    type: EVENT_TYPES.readings,
    summary:
      'Columns of one partition, little-endian, after RIND, version (2 bytes) and rows (4): ' +
      READING_LAYOUT.map(([name, kind]) => `${name} ${kind}`).join(', '),
    contentType: READINGS_CONTENT_TYPE,
    payload: { type: 'string', contentEncoding: 'binary' },
  },
  verdicts: {
    topic: 'verdicts',
    type: EVENT_TYPES.verdicts,
    summary: 'One verdict a line. A scan that came again is answered again: it is known by its plant and scan id.',
    contentType: LINES_CONTENT_TYPE,
    payload: {
      type: 'object',
      required: ['scanId', 'plant', 'disposition', 'reasons', 'unchecked'],
      properties: {
        scanId: text,
        plant: { type: ['string', 'null'] },
        disposition: { enum: DISPOSITIONS },
        reasons: { type: 'array', items: { enum: REASON_CODES } },
        unchecked: {
          type: 'array',
          items: { enum: UNCHECKED_CODES },
          description: 'Checks of a genuine mark that were not made because something they need was missing.',
        },
      },
    },
  },
  finding: {
    topic: 'findings',
    type: EVENT_TYPES.finding,
    summary: 'A finding as it stands now. A message without a value says that the finding of its key has gone.',
    contentType: 'application/json',
    payload: {
      type: 'object',
      required: [
        'kind',
        'severity',
        'license',
        'psd',
        'scanIds',
        'detail',
        'policyVersion',
        'broughtBy',
        'wordOf',
        'role',
      ],
      properties: {
        kind: text,
        severity: { enum: SEVERITIES },
        license: { type: ['integer', 'null'] },
        psd: { type: ['string', 'null'] },
        scanIds: { type: 'array', items: text },
        detail: text,
        policyVersion: { type: 'integer' },
        broughtBy: { type: 'array', items: text, description: 'Tokens, certificates and sources of its scans.' },
        wordOf: { type: ['string', 'null'], description: 'The one plant on whose word alone it rests.' },
        role: { enum: ROLES, description: 'What the license or PSD that it is about has to do with it.' },
      },
    },
  },
  revision: {
    topic: 'revisions',
    type: EVENT_TYPES.revision,
    summary: 'What a scan deserved by later evidence; what was answered stays.',
    contentType: 'application/json',
    payload: {
      type: 'object',
      required: ['scanId', 'plant', 'from', 'to', 'kinds', 'policyVersion'],
      properties: {
        scanId: text,
        plant: { type: ['string', 'null'] },
        from: { enum: DISPOSITIONS },
        to: { enum: DISPOSITIONS },
        kinds: { type: 'array', items: text },
        policyVersion: { type: 'integer' },
      },
    },
  },
  deadLetter: {
    topic: 'dead-letters',
    type: EVENT_TYPES.deadLetter,
    summary: 'The bytes as they came; the headers that they had are there with original- before their names.',
    contentType: 'application/octet-stream',
    payload: { type: 'string', contentEncoding: 'binary' },
    headers: {
      'dead-topic': text,
      'dead-position': { type: 'string', description: 'topic/partition@offset, and :line where one line is meant' },
      'dead-reason': {
        enum: Object.keys(DEAD_LETTER_REASONS),
        description: Object.values(DEAD_LETTER_REASONS).join(' '),
      },
      'dead-detail': text,
      'dead-left-out': { type: 'string', description: 'parts of the message that did not fit, where there are any' },
    },
  },
};

/** Headers that most messages of their kind do not have. */
const RARE: ReadonlySet<string> = new Set(['dead-left-out']);

function alwaysIn(headers: object): string[] {
  return Object.keys(headers).filter((name) => !RARE.has(name));
}

/** Topics and messages as an AsyncAPI 3 document; the headers are CloudEvents 1.0 in binary mode. */
export function asyncApiDocument(): object {
  const entries = Object.entries(MESSAGES);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Indicia on Kafka',
      version: '1.0.0',
      description: 'Scans in; readings, verdicts, findings, revisions and dead letters out.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      TOPICS.map(({ name, holds, keyedBy, config, isFixed }) => [
        name,
        {
          address: name,
          description: `${holds} Keyed by ${keyedBy}.${isFixed ? ' The number of partitions stays as it was chosen.' : ''}`,
          messages: Object.fromEntries(
            entries
              .filter(([, { topic }]) => topic === name)
              .map(([key]) => [key, { $ref: `#/components/messages/${key}` }]),
          ),
          bindings: { kafka: { topicConfiguration: bindingOf(config), bindingVersion: '0.5.0' } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      TOPICS.map(({ name }) => [
        name === 'scans' ? 'receiveScans' : `send-${name}`,
        { action: name === 'scans' ? 'receive' : 'send', channel: { $ref: `#/channels/${name}` } },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        entries.map(([key, { type, summary, contentType, payload, headers = {} }]) => [
          key,
          {
            name: type,
            summary,
            contentType,
            headers: {
              type: 'object',
              required: ['ce_specversion', 'ce_type', 'ce_id', 'ce_source', 'content-type', ...alwaysIn(headers)],
              properties: {
                ce_specversion: { const: '1.0' },
                ce_type: { const: type },
                ce_id: text,
                ce_source: text,
                ce_time: { type: 'string', format: 'date-time' },
                'content-type': text,
                ...headers,
              },
            },
            payload,
          },
        ]),
      ),
    },
  };
}

/** What the binding knows of the settings of a topic. */
function bindingOf(config: Readonly<Record<string, string>>): object {
  return {
    'cleanup.policy': [config['cleanup.policy']],
    ...(config['retention.ms'] === undefined ? {} : { 'retention.ms': Number(config['retention.ms']) }),
    'max.message.bytes': Number(config['max.message.bytes']),
  };
}
