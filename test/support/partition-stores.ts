import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StoreReader } from '../../analytics/index.ts';
import type { Finding, Verdict } from '../../indicium/index.ts';

export interface JudgedScans {
  readonly verdicts: readonly Verdict[];
  /** In an order of their own, each with its scans in order: both are those of arrival in a store. */
  readonly findings: readonly Finding[];
}

/** What is in the stores of a judge stage: the newest of each partition. */
export async function judgedIn(folder: string): Promise<JudgedScans> {
  const each = await Promise.all(storesIn(folder).map(readStore));
  return joined(each);
}

export async function judgedAlone(db: string): Promise<JudgedScans> {
  return joined([await readStore(db)]);
}

function joined(each: readonly JudgedScans[]): JudgedScans {
  return {
    verdicts: each.flatMap(({ verdicts }) => verdicts),
    findings: inOrder(each.flatMap(({ findings }) => findings)),
  };
}

/** In an order that does not depend on that in which the scans came; the same for the scans of each. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings
    .map((finding) => ({ ...finding, scanIds: finding.scanIds.toSorted() }))
    .toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

/** What was found, whichever sources brought it: partitions of a topic in one place, a file in another. */
export function withoutSources(findings: readonly Finding[]): Omit<Finding, 'broughtBy'>[] {
  return findings.map(({ broughtBy: _, ...finding }) => finding);
}

async function readStore(path: string): Promise<JudgedScans> {
  const reader = await StoreReader.open(path);
  try {
    return {
      verdicts: await Array.fromAsync(reader.uncheckedVerdicts()),
      findings: await Array.fromAsync(reader.findings()),
    };
  } finally {
    reader.close();
  }
}

/** Of each partition the file of the newest epoch. */
export function storesIn(folder: string): string[] {
  const partitions = Map.groupBy(
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.duckdb')),
    (name) => /^partition-\d+/.exec(name)?.[0] ?? '',
  );
  return [...partitions.values()].map((files) => join(folder, files.toSorted().at(-1) ?? ''));
}
