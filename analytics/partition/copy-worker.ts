import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { toldError } from '../recorder/thread-errors.ts';
import type { CopyAnswer, CopyOrder } from './copy-apart.ts';
import { copyStore } from './copy-store.ts';

/** One copy: see copy-apart.ts. */
if (isMainThread || parentPort === null) throw new Error('copy-worker.ts is a thread, not a program');
const { from, to }: CopyOrder = workerData;
let answer: CopyAnswer;
try {
  answer = { kind: 'done', isWhole: await copyStore(from, to) };
} catch (error) {
  answer = { kind: 'failed', error: toldError(error) };
}
parentPort.postMessage(answer);
