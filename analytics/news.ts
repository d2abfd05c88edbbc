import { type Finding, SEVERITIES } from '../indicium/index.ts';
import type { Revision } from './cases.ts';
import type { Connection } from './detection/connection.ts';
import { asInteger, asIntegerOrNull, asText, asTextOrNull, asTexts } from './store/values.ts';

/** What detectors say now, for whoever publishes it. */
export interface News {
  /** All findings, each under a key of its own that stays while it does. */
  readonly findings: readonly { readonly key: string; readonly finding: Finding }[];
  /** Those after the number that was asked for. */
  readonly revisions: readonly { readonly sequence: number; readonly revision: Revision }[];
}

export async function readNews(connection: Connection, afterRevision: number): Promise<News> {
  const findings = await connection.runAndReadAll(
    'select kind, severity, license, psd, scan_ids, detail, policy_version, key from findings',
  );
  const revisions = await connection.runAndReadAll(
    `select sequence, scan_id, from_disposition, to_disposition, kinds, policy_version from revisions
     where sequence > ${afterRevision} order by sequence`,
  );
  return {
    findings: findings.getRows().map(([kind, severity, license, psd, scanIds, detail, policyVersion, key]) => {
      const finding = {
        kind: asText(kind ?? null),
        severity: severityNamed(asText(severity ?? null)),
        license: asIntegerOrNull(license ?? null),
        psd: asTextOrNull(psd ?? null),
        scanIds: asTexts(scanIds ?? null),
        detail: asText(detail ?? null),
        policyVersion: asInteger(policyVersion ?? null),
      };
      const about = [finding.kind, finding.license ?? '', finding.psd ?? '', asTextOrNull(key ?? null) ?? ''];
      return { key: about.join('|'), finding };
    }),
    revisions: revisions.getRows().map(([sequence, scanId, from, to, kinds, policyVersion]) => ({
      sequence: asInteger(sequence ?? null),
      revision: {
        scanId: asText(scanId ?? null),
        from: asText(from ?? null),
        to: asText(to ?? null),
        kinds: asTexts(kinds ?? null),
        policyVersion: asInteger(policyVersion ?? null),
      },
    })),
  };
}

function severityNamed(text: string): Finding['severity'] {
  const found = SEVERITIES.find((severity) => severity === text);
  if (found === undefined) throw new TypeError(`no severity: ${text}`);
  return found;
}
