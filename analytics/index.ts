export { type BookedPiece, bookedPieces, FIGURES, type Figure, type UnseenRange } from './books/booked-pieces.ts';
export {
  type Amounts,
  type Book,
  type BookFilter,
  type LicenseBook,
  needsAttention,
  reconcile,
  type SetBook,
  type TownBook,
} from './books/reconcile.ts';
export { backtest, type FindingChange, type VerdictChange } from './detection/backtest.ts';
export { type Case, closeCase, type Revision, readCases, readRevisions } from './detection/cases.ts';
export { detect } from './detection/detect.ts';
export { DETECTORS } from './detection/detector-file.ts';
export type { FindingDelta } from './detection/finding-delta.ts';
export { Judge } from './judge/judge.ts';
export {
  STRANGERS_ANSWER_BYTES_MAX,
  STRANGERS_DEADLINE_S,
  STRANGERS_DEADLINE_S_MAX,
  STRANGERS_MEMORY_MIB,
  STRANGERS_MEMORY_MIB_MAX,
  STRANGERS_MEMORY_MIB_MIN,
  STRANGERS_ROWS,
  STRANGERS_ROWS_MAX,
} from './limits.ts';
export { BINARY_FORMATS, QUERY_FORMATS, type QueryFormat, writeResult } from './output/query-output.ts';
export { claimPartition, type PartitionNotices, PartitionRecorder } from './partition/partition-recorder.ts';
export type { TakenFrom } from './partition/take-over.ts';
export { askApart } from './query-process/query-process.ts';
export type { QueryOutcome, RowCounts } from './query-process/report.ts';
export { missingFrom, probeSandbox } from './query-process/sandbox.ts';
export { Recorder, type RecorderPorts } from './recorder/recorder.ts';
export { RecorderQueue } from './recorder/recorder-queue.ts';
export { REPETITIONS } from './sightings/relation.ts';
export { isAcceptable } from './store/audit/acceptance.ts';
export { auditStore, type StoreAudit } from './store/audit/audit.ts';
export { isHead } from './store/audit/noted-head.ts';
export type { StoreProblem } from './store/audit/store-problem.ts';
export type { Vouched } from './store/audit/vouching.ts';
export { isStorageFailure } from './store/failures.ts';
export { FencedError } from './store/fence.ts';
export { auditLake, isLakeOf, type LakeProblem } from './store/lake/audit-lake.ts';
export { readLake } from './store/lake/lake-folder.ts';
export { acceptStore, archiveStore, restoreStore, upgradeStore } from './store/maintenance.ts';
export type { Moved } from './store/moving.ts';
export { EXPORTED_VIEWS } from './store/queries/export.ts';
export type { QueriedStore } from './store/queries/queried-store.ts';
export { QueryError, type QueryResult } from './store/queries/query.ts';
export { StoreReader } from './store/queries/reader.ts';
export type { ScanDetail, TimelineBar } from './store/queries/scan-details.ts';
export { DEPRECATED_COLUMNS, PUBLIC_VIEW_NAMES } from './store/schema/public-views.ts';
export { Store } from './store/store.ts';
export { StoreError } from './store/store-error.ts';
export { storeBytes } from './store/store-file.ts';
export { viewPath } from './store/union/fetch-views.ts';
export { type LocatedStore, locateForQueries, openForQueries, openStores } from './store/union/open-stores.ts';
export { isFolder } from './store/union/parts.ts';
export { gatherFolder } from './store/union/union-store.ts';
