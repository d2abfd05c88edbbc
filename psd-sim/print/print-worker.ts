import { writeFileSync } from 'node:fs';
import { type ScanJob, takeScan } from '../mail/scanner.ts';

export interface PrintOrder {
  readonly job: ScanJob;
  /** Path without extension. */
  readonly path: string;
}

/** Worker: prints, scans and stores pictures; gives each file's extension in the order of the orders. */
export default function print(orders: readonly PrintOrder[]): string[] {
  return orders.map(({ job, path }) => {
    const image = takeScan(job);
    // Nothing else waits for this thread: handing the file to another one would only cost time.
    writeFileSync(`${path}.${image.extension}`, image.bytes);
    return image.extension;
  });
}
