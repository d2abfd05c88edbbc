import type { AnswerFields } from '../../api/index.ts';
import { type Indicium, parseIndicium } from '../../indicium/index.ts';

/** What the mark of a piece says; null where it is no indicium. */
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
