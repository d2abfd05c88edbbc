import type { Finding } from '../../indicium/index.ts';
import { sealsOf } from '../store/audit/seals.ts';
import type { Noted } from '../store/commits.ts';
import { FINDING_COLUMNS, findingOf } from '../store/queries/finding-row.ts';
import { asInteger, asText } from '../store/values.ts';
import { REVISION_COLUMNS, type Revision, revisionOf } from './cases.ts';
import type { Connection } from './connection.ts';

/** What detectors say now, for publishing. */
export interface FindingDelta {
  /** All findings, each under a key of its own that stays while it does. */
  readonly findings: readonly { readonly key: string; readonly finding: Finding }[];
  /** Keys of those that were given out before, by this process or an earlier one, and are no longer findings. */
  readonly retracted: readonly string[];
  /** Those after the number that was asked for. */
  readonly revisions: readonly { readonly sequence: number; readonly revision: Revision }[];
}

const ABOUT = "concat_ws('|', kind, coalesce(license::varchar, ''), coalesce(psd, ''), coalesce(key, ''), plant)";

/** Remembers what it gives out, so that the next to open the store can say that it has gone. Joins an open transaction. */
export async function readFindingDelta(
  connection: Connection,
  afterRevision: number,
): Promise<{ readonly delta: FindingDelta; readonly noted: Noted | null }> {
  const told = await connection.run(
    `insert into told_finding select ${ABOUT} from finding except select key from told_finding`,
  );
  const retracted = await connection.runAndReadAll(`select key from told_finding except select ${ABOUT} from finding`);
  const findings = await connection.runAndReadAll(`select ${FINDING_COLUMNS}, ${ABOUT} from findings`);
  const revisions = await connection.runAndReadAll(
    `select ${REVISION_COLUMNS}, sequence from revisions
     where sequence > ${afterRevision} order by sequence`,
  );
  const delta: FindingDelta = {
    findings: findings.getRows().map((row) => ({ key: asText(row.at(-1)), finding: findingOf(row) })),
    retracted: retracted.getRows().map(([key]) => asText(key ?? null)),
    revisions: revisions.getRows().map((row) => ({ sequence: asInteger(row.at(-1)), revision: revisionOf(row) })),
  };
  if (told.rowsChanged === 0) return { delta, noted: null };
  const seals = await sealsOf(connection, ['told_finding']);
  return { delta, noted: { event: 'findings-told', detail: { findings: told.rowsChanged }, seals } };
}
