import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import { buffersOf } from '../indicium/index.ts';
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
  if (order.kind === 'open') await open(order.path, order.policy);
  const { recorder, queue } = await opening.promise;
  if (order.kind === 'record') return queue.record(order.batch);
  // Everything else sees what was handed over before it.
  await queue.idle();
  if (order.kind === 'position') return recorder.positionOf(order.source);
  if (order.kind === 'registry') await recorder.setRegistry(order.registry);
  if (order.kind === 'detect') return recorder.detect();
  if (order.kind === 'close') recorder.close();
  return null;
}
