import { existsSync } from 'node:fs';
import { type ArchiveOptions, archive, fillFrom, unarchive } from './archive.ts';
import type { StorePorts } from './audit/author.ts';
import { problemOf, type StoreProblem } from './audit/store-problem.ts';
import { openFileForReading, refuseNoFile } from './instance.ts';
import { forgetInto } from './lake/forget.ts';
import type { Moved } from './moving.ts';
import { isOfTables, openStore, versionOf } from './opening.ts';
import { catalogOf, differencesOf, expectedCatalog } from './schema/catalog.ts';
import { isOld } from './schema/upgrade.ts';
import { Store } from './store.ts';
import { StoreError } from './store-error.ts';

/** What is done to a store while no run writes to it. Each throws StoreError where the store cannot be used. */

/**
 * Brings a store of an older version up, where its anchor confirms it or somebody accepts it.
 *
 * @returns what speaks against that; the store is then as it was.
 */
export async function upgradeStore(path: string, ports: StorePorts, isAccepted: boolean): Promise<StoreProblem[]> {
  if (!(await isOfOldVersion(path))) return [];
  try {
    const { instance, connection, anchor } = await openStore(path, ports, isAccepted);
    anchor.close();
    connection.closeSync();
    instance.closeSync();
    return [];
  } catch (error) {
    if (error instanceof StoreError && error.fault === 'unconfirmed') {
      return [problemOf('upgrade-unconfirmed', error.message, null, null, 'store_version')];
    }
    throw error;
  }
}

async function isOfOldVersion(path: string): Promise<boolean> {
  const instance = await openFileForReading(path);
  const connection = await instance.connect();
  try {
    const catalog = await catalogOf(connection);
    if (!catalog.some(({ kind }) => kind === 'table')) return false;
    const isOurs = !differencesOf(catalog, await expectedCatalog()).some(isOfTables);
    return !isOurs && isOld(await versionOf(path, connection, catalog));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/**
 * Takes the store as it is now for the whole, and notes in its ledger who did and what spoke against it: sources are read
 * on from the positions that it holds.
 *
 * @throws StoreError where evidence was changed: that cannot be accepted.
 */
export async function acceptStore(path: string, ports: StorePorts): Promise<void> {
  refuseNoFile(path);
  const { instance, connection, anchor } = await openStore(path, ports, true);
  anchor.close();
  connection.closeSync();
  instance.closeSync();
}

/** A lake in place of an archive. */
interface ForgetOptions {
  readonly lake: string;
  readonly partition: number | null;
  readonly beforeMs: number;
}

/** To an archive, or into a lake that has the rows already. */
export async function archiveStore(
  path: string,
  options: ArchiveOptions | ForgetOptions,
  ports: StorePorts = {},
): Promise<Moved> {
  const store = await Store.open(path, { ...ports, mustExist: true });
  try {
    return await ('lake' in options ? forgetInto(store, options.lake, options) : archive(store, options));
  } finally {
    store.close();
  }
}

/** Into the store that the archive or lake was made from, or into a new one. */
export async function restoreStore(
  path: string,
  folder: string,
  ports: StorePorts = {},
  partition: number | null = null,
): Promise<Moved> {
  const isNew = !existsSync(path);
  const store = await Store.open(path, ports);
  try {
    if (!isNew && store.rows > 0n) return await unarchive(store, folder, partition);
    let moved: Moved | null = null;
    await store.fill('restored', [], async () => {
      moved = await fillFrom(store.connection, folder, partition);
      return { archive: folder, ...moved };
    });
    if (moved === null) throw new Error('a transaction ended without what it was for');
    return moved;
  } finally {
    store.close();
  }
}
