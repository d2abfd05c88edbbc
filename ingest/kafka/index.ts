export { asyncApiDocument } from './asyncapi.ts';
export {
  artifactFolder,
  brokerArtifacts,
  hasMaven,
  JAVA_MAJOR_MIN,
  javaMajor,
  kafkaVersion,
} from './broker/artifacts.ts';
export { BrokerError } from './broker/broker-error.ts';
export { addressesOf, isFreePort, restartNode, runningCluster, startCluster, stopCluster } from './broker/cluster.ts';
export { FencedProducerError, type KafkaClient, KafkaError } from './client-port.ts';
export {
  COMPRESSIONS,
  type ConnectionSettings,
  connectionFor,
  isKafkaUrl,
  type KafkaConnection,
  parseKafkaUrl,
  SASL_MECHANISMS,
} from './connection.ts';
export { eachDeadLetter, revivableTopics } from './dead-letters.ts';
export { ImageSpool } from './image-spool.ts';
export { type JudgedAnswer, judgeTasks, type PartitionStore } from './judge-task.ts';
export { kafkaSource } from './kafka-source.ts';
export { KafkaJsClient } from './kafkajs/client.ts';
export { DEAD_LETTERS_LISTED, DEAD_LETTERS_LISTED_MAX, SESSION_SECONDS } from './limits.ts';
export { POISONS } from './messages/dead-letter.ts';
export type { LetterSummary } from './messages/letter-summary.ts';
export { readTasks } from './read-task.ts';
export { redriveTasks } from './redrive-task.ts';
export { ScanProducer, type ScanRecord } from './scan-producer.ts';
export { Stage, type StageCounters } from './stage.ts';
export { ensureTopics, groupNamed, TOPICS, topicNamed } from './topics.ts';
