import type { RunReport } from '../../app/index.ts';
import { plural } from '../../indicium/index.ts';
import { FIELD_PROBLEMS } from '../../scans/index.ts';
import { count } from '../terminal.ts';

export function jsonReport(report: RunReport): Record<string, unknown> {
  const { dispositions, scans, repeated, unusable, reused, findings, secondsTotal } = report;
  return {
    scans,
    accepted: dispositions.accept,
    diverted: dispositions.divert,
    manual: dispositions.manual,
    repeated,
    unusable,
    reused,
    ignoredFields: report.ignored,
    unchecked: report.unchecked,
    notices: report.notices,
    findings,
    ...(report.lake !== null && { lakeRowsBehind: report.lake.rows }),
    secondsTotal: Number(secondsTotal.toFixed(3)),
    decodeSeconds: Number((report.decodeMs / 1000).toFixed(3)),
    verifySeconds: Number((report.verifyMs / 1000).toFixed(3)),
    judgeSeconds: Number((report.judgeMs / 1000).toFixed(3)),
    recordSeconds: Number((report.recordMs / 1000).toFixed(3)),
    images: report.images,
  };
}

/** Whether the lake lacks what the store has. */
export function isBehind({ lake }: RunReport): boolean {
  return lake !== null && (lake.failure !== null || lake.rows > 0 || lake.seconds > 0);
}

export function behindSentence({ lake }: RunReport): string {
  return `the lake lacks ${plural(lake?.rows ?? 0, 'row')} of the store; the next run with --lake brings it up`;
}

export function ignoredSentence({ field, problem, scans, firstScanId }: RunReport['ignored'][number]): string {
  const what = `${field} ${FIELD_PROBLEMS[problem]}`;
  return `${plural(scans, 'scan')} with a field that was not used: ${what}; the first is ${firstScanId}`;
}

/** What the scans did not say, so that a check of genuine marks was not made. */
function uncheckedLines(unchecked: RunReport['unchecked']): string[] {
  const each = Object.entries(unchecked).map(([check, scans]) => `${check} of ${plural(scans, 'scan')}`);
  return each.length === 0
    ? []
    : [`checks that were not made, since the scans do not say what they take: ${each.join(', ')}`];
}

export function textReport(report: RunReport): string {
  const { dispositions } = report;
  return [
    `${plural(report.scans, 'scan')}: ${count(dispositions.accept)} accepted, ${count(dispositions.divert)} diverted, ${count(dispositions.manual)} manual`,
    `${plural(report.repeated, 'scan')} delivered again and recognized`,
    `${plural(report.findings, 'finding')}`,
    ...uncheckedLines(report.unchecked),
    '',
  ].join('\n');
}
