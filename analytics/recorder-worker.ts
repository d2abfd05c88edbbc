import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { buffersOf } from '../indicium/index.ts';
import { Recorder } from './recorder.ts';
import type { Answer, Notice, Order, OrderFor } from './recorder-messages.ts';
import { RecorderQueue } from './recorder-queue.ts';

/** The thread that owns the store: whatever takes long in it, a commit or a checkpoint, holds up nobody else. */
if (isMainThread || parentPort === null) throw new Error('recorder-worker.ts is a thread, not a program');
const port = parentPort;
const path: unknown = workerData;
if (typeof path !== 'string') throw new TypeError('the recorder is given the path of its store');

const notify = (notice: Notice) => port.postMessage(notice);
const opened = Recorder.open(path, {
  onPaused: (reason) => notify({ kind: 'paused', reason }),
  onResumed: () => notify({ kind: 'resumed' }),
  sleep: (ms) => sleep(ms),
}).then((recorder) => ({ recorder, queue: new RecorderQueue(recorder) }));
opened.catch(() => {});

port.on('message', async ({ id, order }: OrderFor) => {
  try {
    const result = await carryOut(order);
    const buffers =
      typeof result === 'object' && result !== null && 'verdicts' in result
        ? buffersOf(Object.values(result.verdicts))
        : [];
    port.postMessage({ kind: 'done', id, result } satisfies Answer, buffers);
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    port.postMessage({ kind: 'failed', id, name, message, stack: stack ?? '' } satisfies Answer);
  }
  if (order.kind === 'close') port.close();
});

async function carryOut(order: Order) {
  const { recorder, queue } = await opened;
  if (order.kind === 'record') return queue.record(order.batch);
  // Everything else sees what was handed over before it.
  await queue.idle();
  if (order.kind === 'position') return recorder.positionOf(order.source);
  if (order.kind === 'registry') await recorder.setRegistry(order.registry);
  if (order.kind === 'detect') return recorder.detect();
  if (order.kind === 'close') recorder.close();
  return null;
}
