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

function plainFieldsOf(indicium: Indicium): AnswerFields {
  const { version, suite, keyId, license, psd, epoch, rateCategory, descendingMills, printedAtMs } = indicium;
  return {
    version,
    suite,
    keyId,
    license,
    psd,
    epoch,
    pieceCount: String(indicium.pieceCount),
    ascendingMills: String(indicium.ascendingMills),
    descendingMills: descendingMills === null ? null : String(descendingMills),
    postageMills: String(indicium.postageMills),
    rateCategory,
    printedAt: new Date(printedAtMs).toISOString(),
    depositPostcode: indicium.depositPostcode,
    destinationPostcode: indicium.destinationPostcode,
  };
}

/** The same of a row that was read a moment ago, without parsing its payload once more. */
export function fieldsAt(readings: ReadingColumns, row: number): AnswerFields | null {
  if (!isValid(readings.license.valid, row)) return null;
  const payload = bytesAt(readings.payload, row);
  const suite = payload[FIELDS.suite.offset] ?? missing('suite');
  const { descendingMills } = readings;
  return {
    version: LAYOUT_VERSION,
    suite: isSuiteNumber(suite) ? SUITES[suite].name : missing('suite'),
    keyId: numberAt(readings.keyId, row),
    license: numberAt(readings.license, row),
    psd: textAt(readings.psd, row),
    epoch: readings.epoch.values[row] ?? missing('epoch'),
    pieceCount: String(bigintAt(readings.pieceCount, row)),
    ascendingMills: String(numberAt(readings.ascendingMills, row)),
    descendingMills: isValid(descendingMills.valid, row) ? String(numberAt(descendingMills, row)) : null,
    postageMills: String(numberAt(readings.postageMills, row)),
    rateCategory: readings.rateCategory.values[row] ?? missing('rateCategory'),
    printedAt: new Date(numberAt(readings.printedAtMs, row)).toISOString(),
    depositPostcode: textAt(readings.depositPostcode, row),
    destinationPostcode: textOrNullAt(readings.destinationPostcode, row),
  };
}
