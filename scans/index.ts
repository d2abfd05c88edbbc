export { bareScan, malformedScan } from './bare-scan.ts';
export { GatheredBytes } from './gathered-bytes.ts';
export { FIELD_PROBLEMS, type IgnoredField, ignoredFieldsOf, withZone } from './ignored-fields.ts';
export { BATCH_IMAGES_MAX, LINE_BYTES_MAX } from './limits.ts';
export { type Line, LineBuffer, readLines } from './lines.ts';
export { isObject, parseRecord, recordText } from './record-json.ts';
export { brokenMark, brokenScan, scanOrBroken, THREAD_ENDED } from './scan-faults.ts';
export { DESCRIBING_FIELDS } from './scan-field-names.ts';
export {
  isKnownField,
  isOfPlant,
  parseScanLine,
  problemOfScanId,
  readRecord,
  type ScanOrigin,
  scanOfRecord,
} from './scan-line.ts';
export {
  type GivenUp,
  isBlank,
  lineText,
  parseScanLines,
  partOfLines,
  type ScanLines,
  ScanLinesBuilder,
} from './scan-lines.ts';
export { storableText } from './scan-mark.ts';
export { type BatchAnswers, type ScanBatch, type ScanSource, SourceError, type SourcePosition } from './source.ts';
