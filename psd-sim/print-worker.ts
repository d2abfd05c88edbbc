import { writeFile } from 'node:fs/promises';
import { type ScanJob, takeScan } from './scanner.ts';

export interface PrintOrder {
  readonly job: ScanJob;
  /** Path without extension. */
  readonly path: string;
}

/** Worker: prints, scans and stores pictures; gives each file's extension in the order of the orders. */
export default async function print(orders: readonly PrintOrder[]): Promise<string[]> {
  const extensions: string[] = [];
  for (const { job, path } of orders) {
    const image = takeScan(job);
    await writeFile(`${path}.${image.extension}`, image.bytes);
    extensions.push(image.extension);
  }
  return extensions;
}
