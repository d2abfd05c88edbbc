import { env } from 'node:process';
import { openForQueries, openStores, type QueriedStore, type StoreReader } from '../../analytics/index.ts';

/**
 * Opens what --db names. The token for running judges and servers comes from INDICIA_TOKEN: in arguments everybody on the
 * machine could see it.
 *
 * @throws StoreError
 */
export function openNamedStores(db: readonly string[]): Promise<StoreReader> {
  return openStores(db, env.INDICIA_TOKEN ?? null);
}

/** The same, for strangers' SQL. @throws StoreError */
export function openNamedStoresForQueries(db: readonly string[]): Promise<QueriedStore> {
  return openForQueries(db, env.INDICIA_TOKEN ?? null);
}
