import { setTimeout as sleep } from 'node:timers/promises';
import { createMarkReader, createZxingWasmReader } from '../../decode/index.ts';
import { readOrder } from '../../decode/process/read-order.ts';
import { serveImages } from '../../decode/process/serve.ts';

/** A reading process for which images that begin with a word are slow, hang it or kill it; all others it reads as ever. */
const reader = createMarkReader(await createZxingWasmReader());
const ACTIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  slow: () => sleep(400),
  wait: () => sleep(120),
  hang: async () => {
    for (;;);
  },
  kill: async () => process.kill(process.pid, 'SIGKILL'),
};
serveImages(async (order) => {
  await ACTIONS[Buffer.from(order.bytes ?? []).toString('latin1', 0, 4)]?.();
  return readOrder(order, reader);
});
