import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import type { Policy } from './policy-file.ts';
import { Recorder, type RecorderPorts } from './recorder.ts';
import type { Answer, Notice, Order, OrderFor } from './recorder-messages.ts';
import { RecorderQueue } from './recorder-queue.ts';

/** The thread that owns the store: whatever takes long in it, a commit or a checkpoint, holds up nobody else. */
if (isMainThread || parentPort === null) throw new Error('recorder-worker.ts is a thread, not a program');
const port = parentPort;
const notify = (notice: Notice) => port.postMessage(notice);
const opening = Promise.withResolvers<{ readonly recorder: Recorder; readonly queue: RecorderQueue }>();
// Who asked for the opening is told of its failure; whoever comes after that, too.
opening.promise.catch(() => {});

async function open(path: string, policy: Policy): Promise<void> {
  try {
    const ports: RecorderPorts = {
      onPaused: (reason) => notify({ kind: 'paused', reason }),
      onResumed: () => notify({ kind: 'resumed' }),
      sleep: (ms) => sleep(ms),
    };
    const recorder = await Recorder.open(path, ports, policy);
    opening.resolve({ recorder, queue: new RecorderQueue(recorder) });
  } catch (error) {
    opening.reject(error);
  }
}

port.on('message', async ({ id, order }: OrderFor) => {
  try {
    // Not handed over: the verdicts are kept, to answer scans that come again.
    port.postMessage({ kind: 'done', id, result: await carryOut(order) } satisfies Answer);
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    port.postMessage({ kind: 'failed', id, name, message, stack: stack ?? '' } satisfies Answer);
  }
  if (order.kind === 'close') port.close();
});

/** What needs the store for itself: it comes after all that was handed over before, and before all that comes later. */
let alone: Promise<unknown> = Promise.resolve();

async function carryOut(order: Order): Promise<Extract<Answer, { kind: 'done' }>['result']> {
  if (order.kind === 'open') {
    await open(order.path, order.policy);
    await opening.promise;
    return null;
  }
  if (order.kind === 'record') {
    await alone;
    return (await opening.promise).queue.record(order.batch);
  }
  const result = alone.then(() => carryOutAlone(order));
  alone = result.catch(() => {});
  return result;
}

async function carryOutAlone(order: Exclude<Order, { kind: 'open' | 'record' }>) {
  const { recorder, queue } = await opening.promise;
  await queue.idle();
  if (order.kind === 'position') return recorder.positionOf(order.source);
  if (order.kind === 'registry') await recorder.setRegistry(order.registry);
  if (order.kind === 'detect') return recorder.detect();
  if (order.kind === 'news') return recorder.news(order.afterRevision);
  if (order.kind === 'close') recorder.close();
  return null;
}
