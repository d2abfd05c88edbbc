import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { detect, Store, StoreReader } from '../../analytics/index.ts';
import type { Finding, RegistryRecords } from '../../indicium/index.ts';
import { type Evidence, recordEvidence } from './evidence.ts';
import { temporaryFolder } from './temporary.ts';

/** Records evidence in a store of its own, in batches, and runs every detector over it. */
export async function findingsOf(
  test: TestContext,
  evidence: readonly Evidence[],
  registry: RegistryRecords,
  batchScans = 1_000,
): Promise<Finding[]> {
  const path = join(await temporaryFolder(test), 'store.duckdb');
  const store = await Store.open(path);
  await store.setRegistry(registry);
  for (let from = 0; from < evidence.length; from += batchScans) {
    await recordEvidence(store, evidence.slice(from, from + batchScans), 'test', null);
  }
  await detect(store);
  store.close();
  const reader = await StoreReader.open(path);
  const findings = await Array.fromAsync(reader.findings());
  reader.close();
  return findings;
}

/** The scans that findings of a kind name, as often as they are named. */
export function scansNamed(findings: readonly Finding[], kind: string): string[] {
  return findings
    .filter((finding) => finding.kind === kind)
    .flatMap(({ scanIds }) => scanIds)
    .toSorted();
}

export function scanIdsOf(evidence: readonly Evidence[]): string[] {
  return evidence.map(({ scan }) => scan.scanId).toSorted();
}
