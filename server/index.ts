export { type Access, isAccessRefusal, mayReadVerdicts, openTokens } from './access/access.ts';
export { addToken, type Grant, revokeToken } from './access/edit-tokens.ts';
export { ROLES, type Role, readTokenFile, type TokenEntry, TokenFileError } from './access/token-file.ts';
export { CONNECTION_LIMITS, type ConnectionLimits } from './connections.ts';
export type { LiveStore } from './evidence/evidence-routes.ts';
export { QUEUE_SCANS_FLAG_MAX, QUEUE_SCANS_MAX } from './limits.ts';
export type { TlsFiles } from './listener.ts';
export { createLog, LOG_FORMATS, LOG_LEVELS, type Log, type LogFormat, type LogLevel } from './log.ts';
