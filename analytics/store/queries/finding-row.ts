import { type Finding, ROLES, SEVERITIES } from '../../../indicium/index.ts';
import { asInteger, asIntegerOrNull, asText, asTextOrNull, asTexts, oneOf, type ValueRow } from '../values.ts';

/** Columns of the view `findings` that `findingOf` reads, in its order. */
export const FINDING_COLUMNS =
  'kind, severity, license, psd, scan_ids, detail, policy_version, brought_by, word_of, role';

/** A row that begins with these columns. */
export function findingOf(row: ValueRow): Finding {
  const [kind, severity, license, psd, scanIds, detail, policyVersion, broughtBy, wordOf, role] = row;
  return {
    kind: asText(kind),
    severity: oneOf(SEVERITIES, asText(severity)),
    license: asIntegerOrNull(license),
    psd: asTextOrNull(psd),
    scanIds: asTexts(scanIds),
    detail: asText(detail),
    policyVersion: asInteger(policyVersion),
    broughtBy: asTexts(broughtBy),
    wordOf: asTextOrNull(wordOf),
    role: oneOf(ROLES, asText(role)),
  };
}
