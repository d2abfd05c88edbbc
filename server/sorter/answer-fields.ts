import type { AnswerFields } from '../../api/index.ts';
import {
  bigintAt,
  bytesAt,
  FIELDS,
  type Indicium,
  isSuiteNumber,
  isValid,
  LAYOUT_VERSION,
  missing,
  numberAt,
  parseIndicium,
  type ReadingColumns,
  SUITES,
  textAt,
  textOrNullAt,
} from '../../indicium/index.ts';

/** What the mark of a piece says; null where the payload is not an indicium. */
export function fieldsOf(payload: Uint8Array): AnswerFields | null {
  const parsed = parseIndicium(payload);
  return 'indicium' in parsed ? plainFieldsOf(parsed.indicium) : null;
}

/** The same of a row that was read a moment ago, without parsing its payload once more. */
export function fieldsAt(readings: ReadingColumns, row: number): AnswerFields | null {
  if (!isValid(readings.license.valid, row)) return null;
  const suite = bytesAt(readings.payload, row)[FIELDS.suite.offset] ?? missing('suite');
  const { descendingMills } = readings;
  return plainFieldsOf({
    version: LAYOUT_VERSION,
    suite: isSuiteNumber(suite) ? SUITES[suite].name : missing('suite'),
    keyId: numberAt(readings.keyId, row),
    license: numberAt(readings.license, row),
    psd: textAt(readings.psd, row),
    epoch: readings.epoch.values[row] ?? missing('epoch'),
    pieceCount: bigintAt(readings.pieceCount, row),
    ascendingMills: numberAt(readings.ascendingMills, row),
    descendingMills: isValid(descendingMills.valid, row) ? numberAt(descendingMills, row) : null,
    postageMills: numberAt(readings.postageMills, row),
    rateCategory: readings.rateCategory.values[row] ?? missing('rateCategory'),
    printedAtMs: numberAt(readings.printedAtMs, row),
    depositPostcode: textAt(readings.depositPostcode, row),
    destinationPostcode: textOrNullAt(readings.destinationPostcode, row),
  });
}

function plainFieldsOf(fields: Omit<Indicium, 'signedBytes' | 'signature'>): AnswerFields {
  const { version, suite, keyId, license, psd, epoch, rateCategory, descendingMills, printedAtMs } = fields;
  return {
    version,
    suite,
    keyId,
    license,
    psd,
    epoch,
    pieceCount: String(fields.pieceCount),
    ascendingMills: String(fields.ascendingMills),
    descendingMills: descendingMills === null ? null : String(descendingMills),
    postageMills: String(fields.postageMills),
    rateCategory,
    printedAt: new Date(printedAtMs).toISOString(),
    depositPostcode: fields.depositPostcode,
    destinationPostcode: fields.destinationPostcode,
  };
}
