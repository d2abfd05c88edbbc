import { type Disposition, isReasonCode } from '../../indicium/index.ts';
import type { Policy } from '../judge/default-policy.ts';
import { dispositionFor } from '../judge/policy.ts';
import { openForReading } from '../store/opening.ts';
import { FINDING_TABLES_SQL, FINDING_VIEWS_SQL } from '../store/schema/finding-schema.ts';
import { asBigint, asIntegerOrNull, asText, asTextOrNull, asTexts } from '../store/values.ts';
import { findAll } from './detect.ts';

/**
 * A finding that a policy adds, takes away, or lets name other scans or weigh otherwise; where a finding names no scans, also one
 * that says something else. The same scans in other words, as of the threshold that they are above, are not a change.
 */
export interface FindingChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: string;
  readonly severity: string;
  /** What it is now; null where the policy adds it. */
  readonly severityBefore: string | null;
  readonly license: number | null;
  readonly psd: string | null;
  readonly detail: string;
  readonly detailBefore: string | null;
  readonly scanIdsAdded: readonly string[];
  readonly scanIdsRemoved: readonly string[];
}

/** Pieces that a policy would have answered otherwise at the divert gate. */
export interface VerdictChange {
  readonly change: 'verdict';
  readonly reasons: readonly string[];
  readonly from: Disposition;
  readonly to: Disposition;
  readonly scans: bigint;
}

/**
 * What a policy would find in the evidence of a store, against what is found there now. The store is opened read-only:
 * tables of the same names that live as long as the connection stand before those of the store.
 */
export async function backtest(db: string, policy: Policy): Promise<(FindingChange | VerdictChange)[]> {
  const { instance, connection } = await openForReading(db);
  try {
    const temporary = `${FINDING_TABLES_SQL}${FINDING_VIEWS_SQL}`.replaceAll(
      /^create (table|view)/gm,
      'create temp $1',
    );
    await connection.run('create temp table present as from findings');
    await connection.run(`begin; ${temporary}`);
    await findAll({ connection }, policy);
    const result = await connection.runAndReadAll(`
      with before as (from present), after as (from findings)
      select case when before.kind is null then 'added' when after.kind is null then 'removed' else 'changed' end as change,
        coalesce(after.kind, before.kind) as kind, coalesce(after.severity, before.severity) as severity,
        coalesce(after.license, before.license) as license, coalesce(after.psd, before.psd) as psd,
        coalesce(after.detail, before.detail) as detail, before.severity as severity_before, before.detail as detail_before,
        list_sort(list_filter(coalesce(after.scan_ids, []::varchar[]), lambda id: not list_contains(coalesce(before.scan_ids, []::varchar[]), id))) as added,
        list_sort(list_filter(coalesce(before.scan_ids, []::varchar[]), lambda id: not list_contains(coalesce(after.scan_ids, []::varchar[]), id))) as removed
      from before full join after
        on before.kind = after.kind and before.license is not distinct from after.license
        and before.psd is not distinct from after.psd and before.key = after.key
        and before.plant is not distinct from after.plant
      where before.kind is null or after.kind is null or added <> [] or removed <> []
        or before.severity <> after.severity or (after.scan_ids = [] and before.detail <> after.detail)
      order by all`);
    const findings = result.getRowObjects().map((row): FindingChange => {
      return {
        change: changeOf(asText(row.change)),
        kind: asText(row.kind),
        severity: asText(row.severity),
        severityBefore: asTextOrNull(row.severity_before),
        license: asIntegerOrNull(row.license),
        psd: asTextOrNull(row.psd),
        detail: asText(row.detail),
        detailBefore: asTextOrNull(row.detail_before),
        scanIdsAdded: asTexts(row.added),
        scanIdsRemoved: asTexts(row.removed),
      };
    });
    const answered = await connection.runAndReadAll(
      'select reasons, disposition, count(*) from verdicts where reasons <> [] group by all order by all',
    );
    const verdicts = answered.getRows().flatMap(([reasons, disposition, scans]): VerdictChange[] => {
      const codes = asTexts(reasons).filter(isReasonCode);
      const from = dispositionOf(asText(disposition));
      const to = dispositionFor(codes, policy);
      return from === to ? [] : [{ change: 'verdict', reasons: codes, from, to, scans: asBigint(scans) }];
    });
    return [...findings, ...verdicts];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function changeOf(text: string): FindingChange['change'] {
  return text === 'added' || text === 'removed' ? text : 'changed';
}

function dispositionOf(text: string): Disposition {
  return text === 'divert' || text === 'manual' ? text : 'accept';
}
