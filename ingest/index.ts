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
export { openSource } from './open-source.ts';
export { parseScanLines, type ScanLines } from './scan-lines.ts';
export { type BatchAnswers, type ScanBatch, type ScanSource, SourceError, type SourcePosition } from './source.ts';
