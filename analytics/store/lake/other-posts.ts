import { StoreError } from '../store-error.ts';
import { manifestsOf, partitionName, partitionsOf } from './lake-folder.ts';
import type { Manifest } from './manifest.ts';

/**
 * To be called where the trust list changed, since it reads a manifest of each partition. One that cannot be read stops only its own.
 *
 * @throws StoreError where another partition knows another trust list under the same number.
 */
export function refuseOtherPost(
  folder: string,
  { partition, registry: before }: Manifest,
  now: Manifest['registry'],
): void {
  if (now === null || now.digest === before?.digest) return;
  for (const other of partitionsOf(folder)) {
    const known = other === partition ? null : registryOf(folder, other);
    if (known === null || known.version !== now.version || known.digest === now.digest) continue;
    throw new StoreError(
      `${folder}: ${partitionName(other)} is of another post: it knows another registry as version ${known.version}`,
    );
  }
}

function registryOf(folder: string, partition: number): Manifest['registry'] {
  try {
    const { value } = manifestsOf(folder, partition).next();
    return value?.manifest.registry ?? null;
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}
