import { stat } from 'node:fs/promises';

/** Bytes of a store on disk, with what is logged and not merged yet; 0 of what is not there. */
export async function storeBytes(path: string): Promise<number> {
  const sizes = [path, `${path}.wal`].map((file) =>
    stat(file)
      .then(({ size }) => size)
      .catch(() => 0),
  );
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}
