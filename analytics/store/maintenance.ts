import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { resetAnchor } from './anchor.ts';
import { type ArchiveOptions, archive, fillFrom, type Moved, unarchive } from './archive.ts';
import { chainEnd } from './chain-table.ts';
import { openForWriting, refuseMissing } from './instance.ts';
import { sealAll } from './sealing.ts';
import { Store } from './store.ts';

/** What is done to a store while no run writes to it. Each throws StoreError where the store cannot be used. */

/** Brings a store of an earlier version up. */
export async function upgradeStore(path: string): Promise<void> {
  refuseMissing(path);
  await withConnection(path, async () => {});
}

/** Takes the store as it is now for the whole: sources are read on from the positions that it holds. */
export async function acceptStore(path: string): Promise<void> {
  refuseMissing(path);
  await withConnection(path, async (connection) => resetAnchor(path, await chainEnd(connection)));
}

export async function archiveStore(path: string, options: ArchiveOptions): Promise<Moved> {
  const store = await Store.open(path, { mustExist: true });
  try {
    return await archive(store.connection, options);
  } finally {
    store.close();
  }
}

/** Into the store that the archive was made from, or into a new one. */
export async function restoreStore(path: string, folder: string): Promise<Moved> {
  const isNew = !existsSync(path) || (await withConnection(path, chainEnd)).rows === 0n;
  if (!isNew) {
    const store = await Store.open(path);
    try {
      return await unarchive(store.connection, folder);
    } finally {
      store.close();
    }
  }
  return withConnection(path, async (connection) => {
    await connection.run('begin');
    const moved = await fillFrom(connection, folder);
    await sealAll(connection);
    // Before the commit: a kill between the two leaves a store that is still empty, to be filled again.
    resetAnchor(path, await chainEnd(connection));
    await connection.run('commit');
    return moved;
  });
}

export async function withConnection<Result>(
  path: string,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  const instance = await openForWriting(path);
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
