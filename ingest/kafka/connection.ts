import { FILE_FAULTS, readNamedFile } from '../../indicium/index.ts';
import { SourceError } from '../../scans/index.ts';

export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** Where the client library says what it does. */
export interface KafkaLog {
  readonly detail: 'nothing' | 'failures' | 'all';
  readonly write: (kind: 'failure' | 'step', message: string, fields: object) => void;
}

/** How to reach a cluster, and how to speak with it. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  /** PEM texts; null without TLS. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null;
  readonly sasl: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string } | null;
  readonly compression: Compression;
  /** How often a request is tried again; as often as a broker that restarts may need without. */
  readonly retries?: number;
  /** Not given, it says nothing. */
  readonly log?: KafkaLog;
}

interface KafkaAddress {
  readonly brokers: readonly string[];
  /** Null where none is named. */
  readonly topic: string | null;
}

export function isKafkaUrl(spec: string): boolean {
  return spec.startsWith('kafka://');
}

const BROKER = /^(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/;
/** What Kafka allows in the name of a topic. */
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

/** `kafka://host:port[,host:port…][/topic]` @throws SourceError */
export function parseKafkaUrl(spec: string): KafkaAddress {
  const [hosts = '', topic = '', ...rest] = spec.slice('kafka://'.length).split('/');
  const brokers = hosts.split(',');
  const isGood = isKafkaUrl(spec) && brokers.every((broker) => BROKER.test(broker)) && rest.length === 0;
  if (!isGood || (topic !== '' && !TOPIC.test(topic))) {
    throw new SourceError(`${spec}: expected kafka://host:port[,host:port][/topic]`);
  }
  return { brokers, topic: topic === '' ? null : topic };
}

/** Flags and variables that say how to reach a cluster. */
export interface ConnectionSettings {
  readonly tls?: boolean | undefined;
  readonly tlsCa?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly sasl?: SaslMechanism | undefined;
  readonly saslUser?: string | undefined;
  readonly saslPasswordFile?: string | undefined;
  readonly compression?: Compression | undefined;
}

/** A password comes from a file or from the environment: anyone who may list processes can read a command line. */
const PASSWORD_VARIABLE = 'INDICIA_KAFKA_SASL_PASSWORD';

/** @throws SourceError where a file is missing, or SASL is named without user or password. */
export function connectionFor(
  brokers: readonly string[],
  settings: ConnectionSettings,
  environment: Readonly<Record<string, string | undefined>>,
): KafkaConnection {
  const { tls = false, tlsCa, tlsCert, tlsKey, compression = 'lz4' } = settings;
  const hasTls = tls || tlsCa !== undefined || tlsCert !== undefined || tlsKey !== undefined;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new SourceError('a client certificate needs its key: give both --tls-cert and --tls-key');
  }
  return {
    brokers,
    tls: hasTls
      ? {
          ...(tlsCa === undefined ? {} : { ca: fileText(tlsCa) }),
          ...(tlsCert === undefined ? {} : { cert: fileText(tlsCert) }),
          ...(tlsKey === undefined ? {} : { key: fileText(tlsKey) }),
        }
      : null,
    sasl: saslOf(settings, environment),
    compression,
  };
}

function saslOf(
  { sasl, saslUser, saslPasswordFile }: ConnectionSettings,
  environment: Readonly<Record<string, string | undefined>>,
): KafkaConnection['sasl'] {
  if (sasl === undefined) return null;
  const password = saslPasswordFile === undefined ? environment[PASSWORD_VARIABLE] : fileText(saslPasswordFile).trim();
  if (saslUser === undefined || password === undefined) {
    throw new SourceError(`--sasl needs --sasl-user, and the password in --sasl-password-file or ${PASSWORD_VARIABLE}`);
  }
  return { mechanism: sasl, username: saslUser, password };
}

function fileText(path: string): string {
  const file = readNamedFile(path);
  if (typeof file === 'string') throw new SourceError(`${path}: ${FILE_FAULTS[file]}`);
  return file.bytes.toString('utf8');
}
