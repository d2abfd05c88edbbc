import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import { OWNER_POLL_MS } from '../limits.ts';
import { claim } from '../partition/claim.ts';
import { FencedError } from '../store/fence.ts';
import { LakeKeeper, type LakeStatus } from '../store/lake/lake-keeper.ts';
import { Recorder, type RecorderPorts } from './recorder.ts';
import {
  type Answer,
  type AuthorNow,
  type Claimed,
  GIVE_UP,
  type Notice,
  type Order,
  type OrderFor,
} from './recorder-messages.ts';
import { RecorderQueue } from './recorder-queue.ts';
import { toldError } from './thread-errors.ts';

/** The thread that owns the store: a long commit or checkpoint in it holds up nobody else. */
if (isMainThread || parentPort === null) throw new Error('recorder-worker.ts is a thread, not a program');
const port = parentPort;
const notify = (notice: Notice) => port.postMessage(notice);
const givenUp = new AbortController();
const opening = Promise.withResolvers<{ readonly recorder: Recorder; readonly queue: RecorderQueue }>();
// The caller that asked for the opening is told of its failure, and so are those that come after that.
opening.promise.catch(() => {});

function portsFor(author: AuthorNow | null): RecorderPorts {
  const startedAtMs = performance.now();
  // The clock was read when the thread was asked to begin; from there on a clock that is never set runs.
  const nowMs = () => (author?.nowMs == null ? null : author.nowMs + performance.now() - startedAtMs);
  return {
    onPaused: (reason) => notify({ kind: 'paused', reason }),
    onResumed: () => notify({ kind: 'resumed' }),
    onRestored: (scans, of) => notify({ kind: 'restored', scans, of }),
    sleep: (ms) => sleep(ms, undefined, { signal: givenUp.signal }),
    store: {
      author: { name: author?.name ?? null, nowMs },
      onNotice: (sentence) => notify({ kind: 'noticed', sentence }),
    },
  };
}

/** Writes the lake, where there is one. */
let lake: LakeKeeper | null = null;

async function open(order: Extract<Order, { kind: 'open' | 'claim' }>): Promise<Claimed | null> {
  const ports = portsFor(order.author);
  try {
    const { recorder, claimed } =
      order.kind === 'claim'
        ? await claim(order, ports)
        : { recorder: await Recorder.open(order.path, ports, order.policy), claimed: null };
    opening.resolve({ recorder, queue: new RecorderQueue(recorder) });
    if (order.lake !== null) {
      const partition = order.kind === 'claim' ? order.partition : 0;
      const owner = {
        ...{ partition, epoch: claimed?.epoch ?? 0n, nowMs: ports.store?.author?.nowMs ?? (() => null) },
        check: () => recorder.checkOwner(),
      };
      const { lake: folder } = order;
      lake = new LakeKeeper(recorder.lakeSource, {
        ...{ folder, owner },
        onStatus: (status: LakeStatus) => notify({ kind: 'lake', status }),
        onMergeFailed: (reason) =>
          notify({ kind: 'noticed', sentence: `${folder}: files could not be merged: ${reason}` }),
      });
    }
    if (order.kind === 'claim') lookForNewOwner(recorder);
    return claimed;
  } catch (error) {
    opening.reject(error);
    throw error;
  }
}

port.on('message', async (message: OrderFor | typeof GIVE_UP) => {
  if (message === GIVE_UP) return giveUp();
  const { id, order } = message;
  try {
    // Not handed over: the verdicts are kept, to answer scans that come again.
    port.postMessage({ kind: 'done', id, result: await carryOut(order) } satisfies Answer);
  } catch (error) {
    port.postMessage({ kind: 'failed', id, error: toldError(error) } satisfies Answer);
    if (order.kind === 'open' || order.kind === 'claim') port.close();
    else if (error instanceof FencedError) await stop(error);
  }
  if (order.kind === 'close') port.close();
});

/**
 * A process that was stopped and wakes, or has nothing to record, gives its files back as soon as another has claimed
 * them, without being asked for anything and before its group tells it.
 */
function lookForNewOwner(recorder: Recorder): void {
  const timer = setInterval(() => {
    if (lost !== null) return clearInterval(timer);
    try {
      recorder.checkOwner();
    } catch (error) {
      clearInterval(timer);
      if (!(error instanceof FencedError)) throw error;
      return stop(error);
    }
  }, OWNER_POLL_MS);
  timer.unref();
}

/** The thread ends by itself when nothing of it runs any more. */
function giveUp(): void {
  lost ??= new Error('the store was given up');
  givenUp.abort();
  lake?.stop();
  port.close();
}

/** The files of a store that was lost are given back at once: their new owner may need the room. */
async function stop(error: FencedError): Promise<void> {
  // Several orders may fail for the same reason, and a store that is closed twice, or asked something after that, ends
  // the whole process.
  if (lost !== null) return;
  lost = error;
  notify({ kind: 'fenced', message: error.message });
  port.close();
  const { recorder, queue } = await opening.promise;
  await alone;
  await queue.idle();
  await lake?.stop();
  await recorder.settle();
  recorder.close();
}

/** Why nothing more is begun: the store is not ours any more, or it was given up. */
let lost: Error | null = null;

/** What needs the store for itself: it comes after all that was handed over before, and before all that comes later. */
let alone: Promise<unknown> = Promise.resolve();

async function carryOut(order: Order): Promise<Extract<Answer, { kind: 'done' }>['result']> {
  if (order.kind === 'open' || order.kind === 'claim') return open(order);
  if (order.kind === 'record') {
    await alone;
    if (lost !== null) throw lost;
    return (await opening.promise).queue.record(order.batch);
  }
  if (order.kind === 'verdicts') return (await opening.promise).recorder.verdictsOf(order.queries);
  if (order.kind === 'export') return (await opening.promise).recorder.exportView(order.view, order.path);
  const result = alone.then(() => carryOutAlone(order));
  alone = result.catch(() => {});
  const beside = await result;
  return beside instanceof Function ? beside() : beside;
}

/** Gives what is left to do when the others may go on. */
async function carryOutAlone(order: Exclude<Order, { kind: 'open' | 'claim' | 'record' | 'verdicts' | 'export' }>) {
  const { recorder, queue } = await opening.promise;
  await queue.idle();
  if (lost !== null) throw lost;
  if (order.kind === 'position') return recorder.positionOf(order.source);
  if (order.kind === 'registry') await recorder.setRegistry(order.registry);
  if (order.kind === 'detect') return order.isAlone ? recorder.detectAlone() : () => recorder.detect();
  if (order.kind === 'finding-delta') return recorder.findingDelta(order.afterRevision);
  if (order.kind === 'close') {
    await lake?.finish();
    await recorder.settle();
    try {
      await recorder.keepSnapshot();
    } finally {
      recorder.close();
    }
  }
  return null;
}
