import { join } from 'node:path';
import { Random } from '../../psd-sim/random.ts';
import { type PublishedFiles, TrustPublisher } from '../../psd-sim/trust-publisher.ts';
import type { RegistryRecords } from './marks.ts';
import { type Scope, temporaryFolder } from './temporary.ts';

export const NOW_MS = Date.UTC(2026, 10, 21);

/** Records as the files of a registry. */
export function filesOf(records: RegistryRecords): Map<string, string> {
  const lines = (items: readonly object[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');
  const keys = records.keys.map((key) => ({ ...key, spki: Buffer.from(key.spki).toString('base64') }));
  const counted = (items: readonly { readonly pieceCount: bigint }[]) => {
    return lines(items.map((item) => ({ ...item, pieceCount: item.pieceCount.toString() })));
  };
  const optional: [string, string][] = [
    ['refunds.ndjson', counted(records.refunds)],
    ['rates.ndjson', lines(records.rates)],
    ['plants.ndjson', lines(records.plants)],
    ['withdrawals.ndjson', counted(records.withdrawals)],
  ];
  return new Map([
    ['keys.ndjson', lines(keys)],
    ['licenses.ndjson', lines(records.licenses)],
    ['grants.ndjson', lines(records.grants)],
    ['psds.ndjson', lines(records.psds)],
    ['funds.ndjson', lines(records.funds)],
    ...optional.filter(([, text]) => text !== ''),
  ]);
}

/** A publisher with a folder of its own, and its first root out. */
export async function publisherIn(test: Scope, seed = 'post'): Promise<{ publisher: TrustPublisher; folder: string }> {
  const folder = join(await temporaryFolder(test), 'published');
  const publisher = new TrustPublisher(new Random(seed), folder);
  await publisher.publishRoot();
  return { publisher, folder };
}

/** A published registry, version 1. */
export async function publishedRegistry(test: Scope, files: PublishedFiles): Promise<string> {
  const { publisher, folder } = await publisherIn(test);
  await publisher.publishList(files, NOW_MS);
  return folder;
}
