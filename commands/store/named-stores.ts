import { env } from 'node:process';
import {
  type LocatedStore,
  locateForQueries,
  openForQueries,
  openStores,
  type QueriedStore,
  type StoreReader,
} from '../../analytics/index.ts';

/**
 * Opens what --db names. The token for running judges and servers comes from INDICIA_TOKEN: in arguments everybody on the
 * machine could see it.
 *
 * @throws StoreError
 */
export function openNamedStores(db: readonly string[]): Promise<StoreReader> {
  return openStores(db, env.INDICIA_TOKEN ?? null);
}

/** The same, to be opened by a process of its own. @throws StoreError */
export function locateNamedStores(db: readonly string[]): Promise<LocatedStore> {
  return locateForQueries(db, env.INDICIA_TOKEN ?? null);
}

/** The same, to be asked in SQL. @throws StoreError */
export function openNamedStoresForQueries(db: readonly string[]): Promise<QueriedStore> {
  return openForQueries(db, env.INDICIA_TOKEN ?? null);
}
