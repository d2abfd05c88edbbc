import { type Finding, SEVERITIES } from '../indicium/index.ts';
import type { Revision } from './cases.ts';
import type { Connection } from './detection/connection.ts';
import type { Noted } from './store/commits.ts';
import { sealsOf } from './store/seals.ts';
import { asInteger, asIntegerOrNull, asText, asTextOrNull, asTexts } from './store/values.ts';

/** What detectors say now, for whoever publishes it. */
export interface News {
  /** All findings, each under a key of its own that stays while it does. */
  readonly findings: readonly { readonly key: string; readonly finding: Finding }[];
  /** Keys of those that were given out at some time, by this process or an earlier one, and are none any more. */
  readonly gone: readonly string[];
  /** Those after the number that was asked for. */
  readonly revisions: readonly { readonly sequence: number; readonly revision: Revision }[];
}

const ABOUT = "concat_ws('|', kind, coalesce(license::varchar, ''), coalesce(psd, ''), coalesce(key, ''))";

/** Remembers what it gives out, so that the next to open the store can say that it has gone. Joins an open transaction. */
export async function readNews(
  connection: Connection,
  afterRevision: number,
): Promise<{ readonly news: News; readonly noted: Noted | null }> {
  const told = await connection.run(
    `insert into told_finding select ${ABOUT} from finding except select key from told_finding`,
  );
  const gone = await connection.runAndReadAll(`select key from told_finding except select ${ABOUT} from finding`);
  const findings = await connection.runAndReadAll(
    `select kind, severity, license, psd, scan_ids, detail, policy_version, brought_by, word_of, ${ABOUT} from findings`,
  );
  const revisions = await connection.runAndReadAll(
    `select sequence, scan_id, plant, from_disposition, to_disposition, kinds, policy_version from revisions
     where sequence > ${afterRevision} order by sequence`,
  );
  const news: News = {
    findings: findings
      .getRows()
      .map(([kind, severity, license, psd, scanIds, detail, policyVersion, broughtBy, wordOf, key]) => {
        const finding = {
          kind: asText(kind ?? null),
          severity: severityNamed(asText(severity ?? null)),
          license: asIntegerOrNull(license ?? null),
          psd: asTextOrNull(psd ?? null),
          scanIds: asTexts(scanIds ?? null),
          detail: asText(detail ?? null),
          policyVersion: asInteger(policyVersion ?? null),
          broughtBy: asTexts(broughtBy ?? null),
          wordOf: asTextOrNull(wordOf ?? null),
        };
        return { key: asText(key ?? null), finding };
      }),
    gone: gone.getRows().map(([key]) => asText(key ?? null)),
    revisions: revisions.getRows().map(([sequence, scanId, plant, from, to, kinds, policyVersion]) => ({
      sequence: asInteger(sequence ?? null),
      revision: {
        scanId: asText(scanId ?? null),
        plant: asTextOrNull(plant ?? null),
        from: asText(from ?? null),
        to: asText(to ?? null),
        kinds: asTexts(kinds ?? null),
        policyVersion: asInteger(policyVersion ?? null),
      },
    })),
  };
  if (told.rowsChanged === 0) return { news, noted: null };
  const seals = await sealsOf(connection, ['told_finding']);
  return { news, noted: { event: 'findings-told', detail: { findings: told.rowsChanged }, seals } };
}

function severityNamed(text: string): Finding['severity'] {
  const found = SEVERITIES.find((severity) => severity === text);
  if (found === undefined) throw new TypeError(`no severity: ${text}`);
  return found;
}
