export { type Base64Bytes, bytesOfBase64, hasBase64Letters } from './base64.ts';
export * from './columns/builders.ts';
export { FNV_PRIME, hashOfSpan, isSameSpan } from './columns/byte-spans.ts';
export * from './columns/column.ts';
export * from './columns/reading-columns.ts';
export { READING_FIELD_SPECS, type ReadingFieldSpec } from './columns/reading-fields.ts';
export { buffersOf, isInt64, isText, selectText } from './columns/select.ts';
export { TextCache } from './columns/text-cache.ts';
export { asDisposition, type VerdictColumns, verdictAt } from './columns/verdict-columns.ts';
export { digest64 } from './digest.ts';
export { EXCERPT_CHARS_MAX, excerpt } from './excerpt.ts';
export { causesOf } from './failures/causes.ts';
export { hasErrno } from './failures/errno.ts';
export { ExpectedError, FAILURE_CODES, type FailureCode } from './failures/expected-error.ts';
export { FILE_FAULTS, type FileFault, fileFaultOf } from './failures/file-faults.ts';
export { missing } from './failures/missing.ts';
export { IMAGE_TYPES, imageTypeOf } from './image-types.ts';
export * from './indicium.ts';
export {
  FIELDS,
  type FieldName,
  isSuiteNumber,
  LAYOUT_VERSION,
  SIGNED_BYTES,
  SUITES,
  type SuiteName,
} from './layout.ts';
export * from './limits.ts';
export { formatMills } from './money.ts';
export { openNamedFile, readNamedFile } from './named-file.ts';
export { parseIndicium } from './parse.ts';
export { plainFields } from './plain-fields.ts';
export { plural } from './plural.ts';
export { printable, printableJson, printableLines } from './printable.ts';
export {
  type ForeignFields,
  type ForeignMark,
  foreignFields,
  foreignNote,
  parseForeignMark,
} from './profiles/foreign-mark.ts';
export { psdNameAt } from './psd-name.ts';
export * from './reading.ts';
export * from './reasons.ts';
export * from './registry-records.ts';
export * from './scan.ts';
export { DuplicateKeyError, parseStrictJson, strictJson } from './strict-json.ts';
export * from './unchecked.ts';
export * from './verdict.ts';
