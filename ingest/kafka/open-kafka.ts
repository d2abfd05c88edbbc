import type { KafkaClient } from './client-port.ts';
import type { KafkaConnection } from './connection.ts';

/** The library is loaded when there is a broker to speak with, since it takes 0.2 s. */
export async function openKafka(connection: KafkaConnection): Promise<KafkaClient> {
  const { KafkaJsClient } = await import('./kafkajs/client.ts');
  return new KafkaJsClient(connection);
}
