import { performance } from 'node:perf_hooks';
import type { Sorter } from '../../client/index.ts';
import type { Library } from './library.ts';
import { openLoop } from './open-loop.ts';
import { type Endpoint, openSender } from './senders.ts';
import { Tally } from './tally.ts';

export interface Load {
  readonly endpoint: Endpoint;
  /** Pieces a second. */
  readonly rate: number;
  readonly pieces: number;
  /** Pieces of one request, for the endpoint that takes several. */
  readonly batch: number;
}

export interface Driven {
  readonly tally: Tally;
  readonly seconds: number;
  /** Share of its time that the generator's thread was busy: near 1, it is the generator that is measured. */
  readonly busy: number;
}

/** Requests on their way at once. */
const IN_FLIGHT_MAX = 10_000;

/** Drives a server at a fixed rate, however fast it answers. */
export async function drive(
  { endpoint, rate, pieces, batch }: Load,
  sorter: Sorter,
  library: Library,
): Promise<Driven> {
  const tally = new Tally();
  const sender = openSender(endpoint, sorter, library, tally);
  const before = performance.eventLoopUtilization();
  const startedAtMs = performance.now();
  const together = endpoint === 'batch' ? batch : 1;
  await openLoop({ rate, pieces, together, inFlightMax: IN_FLIGHT_MAX }, sender.send);
  await sender.finish();
  return {
    tally,
    seconds: (performance.now() - startedAtMs) / 1000,
    busy: performance.eventLoopUtilization(before).utilization,
  };
}
