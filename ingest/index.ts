export {
  type Answer,
  type ClientOptions,
  connect,
  type Outcome,
  type Sorter,
  type SorterScan,
  scanFromLine,
  WAYS,
  type Way,
} from './client/index.ts';
export { type DropOptions, type DropPorts, dropFolder } from './drop/drop-source.ts';
export { DEFAULT_NAME_PATTERN } from './drop/name-pattern.ts';
export { filesOfFolder } from './folder.ts';
export {
  ACCESS_REFUSALS,
  type Access,
  type AccessPorts,
  type AccessRefusal,
  type Identity,
  isAccessRefusal,
  mayPost,
  mayReadMetrics,
  mayReadVerdicts,
  openTokens,
} from './http/access/access.ts';
export { addToken, type Grant, type Granted, revokeToken } from './http/access/edit-tokens.ts';
export { ROLES, type Role, readTokenFile, type TokenEntry, TokenFileError } from './http/access/token-file.ts';
export { CONNECTION_LIMITS, type ConnectionLimits } from './http/connections.ts';
export type { LiveStore } from './http/evidence-routes.ts';
export { QUEUE_SCANS_FLAG_MAX, QUEUE_SCANS_MAX } from './http/limits.ts';
export type { TlsFiles } from './http/listener.ts';
export { createLog, LOG_LEVELS, type Log, type LogLevel } from './http/log.ts';
export { Metrics } from './http/metrics.ts';
export { openApi } from './http/openapi.ts';
export { pausedTooLong } from './http/paused-too-long.ts';
export { SorterServer } from './http/server.ts';
export type { EntryOptions } from './http/server-ports.ts';
export { StageServer, type StageServerPorts } from './http/stage-server.ts';
export { VerdictDesk } from './http/verdict-desk.ts';
export { FIELD_PROBLEMS, type IgnoredField, ignoredFieldsOf, withZone } from './ignored-fields.ts';
export * from './kafka/index.ts';
export { openSource } from './open-source.ts';
export { brokenMark, brokenScan, THREAD_ENDED } from './scan-faults.ts';
export { type GivenUp, parseScanLines, partOfLines, type ScanLines } from './scan-lines.ts';
export { type BatchAnswers, type ScanBatch, type ScanSource, SourceError, type SourcePosition } from './source.ts';
