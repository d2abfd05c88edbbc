import type { ImageReaders } from '../decode/process/index.ts';
import type { Log } from '../server/index.ts';
import type { Metrics } from '../server/sorter/index.ts';
import type { ReaderPoolPorts } from './reader-pool.ts';

/** What a server gives its readers: a bug that is answered must not stay hidden from its operators. */
export function readerPorts(
  { images, log }: { readonly images?: ImageReaders | undefined; readonly log: Pick<Log, 'error'> },
  metrics: Pick<Metrics, 'faulted'>,
): ReaderPoolPorts {
  return {
    images,
    onFaults: ({ scans, first }) => {
      metrics.faulted(scans);
      log.error({ scans, stack: first }, 'the program failed at scans, which are answered as unreadable');
    },
  };
}
