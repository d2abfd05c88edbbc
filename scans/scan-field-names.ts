/** The fields that describe a scan, in the order in which documents list them. */
export const DESCRIBING_FIELDS = [
  'scanId',
  'plant',
  'machine',
  'scannedAt',
  'mailpieceId',
  'pass',
  'destination',
  'weightGrams',
] as const;

/** Where the mark is. */
const MARK_FIELDS = ['payload', 'imageBase64', 'frame'] as const;

/** All fields of a scan, wherever it comes from; shapes/scan-fields.ts says what each of them holds. */
export const SCAN_FIELD_NAMES = [...DESCRIBING_FIELDS, ...MARK_FIELDS] as const;
