import { ROLES, type Role } from '../../indicium/index.ts';
import { CLOSING_SEALS, sealsOf } from '../store/audit/seals.ts';
import type { StoreReader } from '../store/queries/reader.ts';
import {
  asBigint,
  asInteger,
  asIntegerOrNull,
  asText,
  asTextOrNull,
  asTexts,
  oneOf,
  type ValueRow,
} from '../store/values.ts';
import { type DetectionStore, scalar } from './connection.ts';

/** Findings about one thing, as `cases` of the store shows them (analytics/store/schema/case-views.ts). */
export interface Case {
  readonly caseId: string;
  readonly state: string;
  readonly score: number;
  readonly severity: string;
  readonly kinds: readonly string[];
  /** Null where the findings are of several. */
  readonly license: number | null;
  readonly psd: string | null;
  /** Of what it is about: a suspect, a victim, or nobody can tell. */
  readonly role: Role;
  readonly findings: number;
  readonly scans: number;
  /** ISO 8601; null where no plant said when. */
  readonly firstScannedAt: string | null;
  readonly lastScannedAt: string | null;
  /** The note of the person who closed it, and how many scans the findings name since then that were not known. */
  readonly note: string | null;
  readonly newScans: number;
  /** Tokens, certificates and sources that the scans came from. */
  readonly broughtBy: readonly string[];
}

/** The highest score first. */
export async function* readCases(reader: StoreReader): AsyncGenerator<Case> {
  const result = await reader.stream(
    `select case_id, state, score, severity, kinds, license, psd, findings, scans, epoch_ms(first_scanned_at) as first_ms,
       epoch_ms(last_scanned_at) as last_ms, note, new_scans, brought_by, role
     from cases order by score desc, case_id`,
  );
  for await (const rows of result.yieldRowObjects()) {
    for (const row of rows) {
      yield {
        caseId: asText(row.case_id),
        state: asText(row.state),
        score: asInteger(row.score),
        severity: asText(row.severity),
        kinds: asTexts(row.kinds ?? null),
        license: asIntegerOrNull(row.license),
        psd: asTextOrNull(row.psd),
        role: oneOf(ROLES, asText(row.role)),
        findings: asInteger(row.findings),
        scans: asInteger(row.scans),
        firstScannedAt: isoOrNull(asIntegerOrNull(row.first_ms)),
        lastScannedAt: isoOrNull(asIntegerOrNull(row.last_ms)),
        note: asTextOrNull(row.note),
        newScans: asInteger(row.new_scans),
        broughtBy: asTexts(row.brought_by ?? null),
      };
    }
  }
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/**
 * Closes a case over what its findings name now; anything that they come to name later reopens it. False when there is
 * no such case.
 */
export async function closeCase(store: DetectionStore, caseId: string, note: string, nowMs: number): Promise<boolean> {
  const { connection } = store;
  let isKnown = false;
  await store.transaction(async () => {
    const known = await connection.runAndReadAll('select count(*) > 0 from case_findings where case_id = $1', [caseId]);
    isKnown = known.getRows()[0]?.[0] === true;
    if (!isKnown) return null;
    const sequence = asBigint(await scalar(connection, 'select coalesce(max(sequence), 0) + 1 from case_closing'));
    await connection.run('insert into case_closing values ($1, $2, $3, $4)', [sequence, caseId, note, BigInt(nowMs)]);
    await connection.run(
      `insert into case_closed_scan select distinct $1::bigint, case_id, kind, scan_id, scan_digest from case_scans where case_id = $2`,
      [sequence, caseId],
    );
    const seals = await sealsOf(connection, CLOSING_SEALS);
    return { event: 'case-closed', detail: { caseId, note, sequence: `${sequence}` }, seals };
  });
  return isKnown;
}

/** A verdict that later evidence changed; what was answered stays, this says what it deserved. */
export interface Revision {
  readonly scanId: string;
  readonly plant: string | null;
  readonly from: string;
  readonly to: string;
  /** Kinds of the findings that name the scan; none where a finding has gone again. */
  readonly kinds: readonly string[];
  readonly policyVersion: number;
}

/** Columns of the view `revisions` that `revisionOf` reads, in its order. */
export const REVISION_COLUMNS = 'scan_id, plant, from_disposition, to_disposition, kinds, policy_version';

/** A row that begins with these columns. */
export function revisionOf(row: ValueRow): Revision {
  const [scanId, plant, from, to, kinds, policyVersion] = row;
  return {
    scanId: asText(scanId),
    plant: asTextOrNull(plant),
    from: asText(from),
    to: asText(to),
    kinds: asTexts(kinds),
    policyVersion: asInteger(policyVersion),
  };
}

export async function* readRevisions(reader: StoreReader): AsyncGenerator<Revision> {
  const result = await reader.stream(`select ${REVISION_COLUMNS} from revisions order by sequence`);
  for await (const rows of result.yieldRows()) yield* rows.map(revisionOf);
}
