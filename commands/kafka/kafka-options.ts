import { type Command, Option } from 'commander';
import {
  COMPRESSIONS,
  type ConnectionSettings,
  connectionFor,
  type KafkaClient,
  type KafkaLog,
  openKafka,
  parseKafkaUrl,
  SASL_MECHANISMS,
} from '../../ingest/kafka/index.ts';
import { SourceError } from '../../scans/index.ts';

/** What every command that speaks with Kafka can be told. */
export interface KafkaOptions extends ConnectionSettings {
  readonly prefix: string;
}

export function addKafkaOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--prefix <text>', 'before the names of topics and groups').env('INDICIA_KAFKA_PREFIX').default(''),
    )
    .addOption(
      new Option('--compression <kind>', 'of produced messages')
        .choices(COMPRESSIONS)
        .env('INDICIA_KAFKA_COMPRESSION')
        .default('lz4'),
    )
    .addOption(new Option('--tls', 'speak TLS with the brokers').env('INDICIA_KAFKA_TLS'))
    .addOption(new Option('--tls-ca <file>', 'certificates to trust, PEM').env('INDICIA_KAFKA_TLS_CA'))
    .addOption(new Option('--tls-cert <file>', 'certificate to show, PEM').env('INDICIA_KAFKA_TLS_CERT'))
    .addOption(new Option('--tls-key <file>', 'its key, PEM').env('INDICIA_KAFKA_TLS_KEY'))
    .addOption(new Option('--sasl <mechanism>', 'how to log in').choices(SASL_MECHANISMS).env('INDICIA_KAFKA_SASL'))
    .addOption(new Option('--sasl-user <name>', 'user to log in as').env('INDICIA_KAFKA_SASL_USER'))
    .addOption(
      new Option('--sasl-password-file <file>', 'instead of the variable INDICIA_KAFKA_SASL_PASSWORD').env(
        'INDICIA_KAFKA_SASL_PASSWORD_FILE',
      ),
    );
}

/** @throws SourceError */
export async function kafkaClient(url: string, settings: ConnectionSettings, log?: KafkaLog): Promise<KafkaClient> {
  const connection = connectionFor(parseKafkaUrl(url).brokers, settings, process.env);
  return openKafka(log === undefined ? connection : { ...connection, log });
}

/** The brokers that were named, or those of the environment. @throws SourceError */
export function brokersUrl(url: string | undefined): string {
  const named = url ?? (process.env.KAFKA_BROKERS === undefined ? undefined : `kafka://${process.env.KAFKA_BROKERS}`);
  if (named === undefined) throw new SourceError('name the brokers, kafka://host:port, or set KAFKA_BROKERS');
  return named;
}
