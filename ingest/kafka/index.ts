export { asyncApiDocument } from './asyncapi.ts';
export { FencedProducerError, type KafkaClient, KafkaError } from './client-port.ts';
export {
  COMPRESSIONS,
  type ConnectionSettings,
  connectionFor,
  isKafkaUrl,
  type KafkaConnection,
  type KafkaLog,
  parseKafkaUrl,
  SASL_MECHANISMS,
} from './connection.ts';
export { eachDeadLetter, redrivableTopics } from './dead-letters.ts';
export { ImageSpool } from './image-spool.ts';
export { kafkaSource } from './kafka-source.ts';
export { DEAD_LETTERS_LISTED, DEAD_LETTERS_LISTED_MAX, SESSION_SECONDS } from './limits.ts';
export { DEAD_LETTER_REASONS } from './messages/dead-letter.ts';
export type { LetterSummary } from './messages/letter-summary.ts';
export { openKafka } from './open-kafka.ts';
export { ScanProducer, type ScanRecord } from './scan-producer.ts';
export { type DetectorTiming, type JudgedAnswer, judgeTasks, type PartitionStore } from './stage/judge-task.ts';
export { readTasks } from './stage/read-task.ts';
export { redriveTasks } from './stage/redrive-task.ts';
export { Stage, type StageCounters } from './stage/stage.ts';
export { ensureTopics, groupNamed, TOPICS, topicNamed } from './topics.ts';
