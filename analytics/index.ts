export { backtest, type FindingChange, type VerdictChange } from './backtest.ts';
export type { Recorded } from './batch-judge.ts';
export {
  type BookedPiece,
  bookedPieces,
  FIGURES,
  type Figure,
  type UnseenRange,
} from './booked-pieces.ts';
export { type Case, closeCase, type Revision, readCases, readRevisions } from './cases.ts';
export { detect } from './detect.ts';
export { DETECTORS } from './detection/detector-file.ts';
export type { Evidence } from './evidence.ts';
export { Judge } from './judge.ts';
export type { News } from './news.ts';
export { FencedError } from './partition/fence.ts';
export { claimPartition, type PartitionNotices, PartitionRecorder } from './partition/partition-recorder.ts';
export type { TakenFrom } from './partition/take-over.ts';
export { dispositionFor } from './policy.ts';
export { DEFAULT_POLICY, type Policy, PolicyError, readPolicy } from './policy-file.ts';
export { BINARY_FORMATS, QUERY_FORMATS, type QueryFormat, writeResult } from './query-output.ts';
export {
  type Amounts,
  type Book,
  type BookFilter,
  type LicenseBook,
  needsAttention,
  reconcile,
  type SetBook,
  type TownBook,
} from './reconcile.ts';
export { type ReadingBatch, Recorder, type RecorderPorts } from './recorder.ts';
export { RecorderQueue } from './recorder-queue.ts';
export { type RecorderNotices, RecorderThread } from './recorder-thread.ts';
export { REPETITIONS } from './relation.ts';
export { isAcceptable } from './store/acceptance.ts';
export type { Moved } from './store/archive.ts';
export { auditStore, type StoreAudit } from './store/audit.ts';
export type { Author, StorePorts } from './store/author.ts';
export { EXPORTED_VIEWS } from './store/export.ts';
export { isStorageFailure } from './store/failures.ts';
export { StoreError } from './store/instance.ts';
export { acceptStore, archiveStore, restoreStore, upgradeStore } from './store/maintenance.ts';
export { isHead } from './store/noted-head.ts';
export { DEPRECATED_COLUMNS, PUBLIC_VIEW_NAMES } from './store/public-views.ts';
export type { QueriedStore } from './store/queried-store.ts';
export { QueryError, type QueryResult } from './store/query.ts';
export { StoreReader } from './store/reader.ts';
export type { ScanDetail, TimelineBar } from './store/scan-details.ts';
export { Store } from './store/store.ts';
export { storeBytes } from './store/store-file.ts';
export type { StoreProblem } from './store/store-problem.ts';
export type { StoredVerdict, VerdictQuery } from './store/stored-verdicts.ts';
export { viewPath } from './store/union/fetch-views.ts';
export { openForQueries, openStores } from './store/union/open-stores.ts';
export { isFolder } from './store/union/parts.ts';
export { gatherFolder } from './store/union/union-store.ts';
export type { Vouched } from './store/vouching.ts';
