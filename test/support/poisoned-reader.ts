import { basename } from 'node:path';
import { createMarkReader, createZxingWasmReader } from '../../decode/index.ts';
import { readOrder } from '../../decode/process/read-order.ts';
import { serveImages } from '../../decode/process/serve.ts';

/** A reading process that images of certain names hang, kill or fill with memory; it reads all others as ever. */
const reader = createMarkReader(await createZxingWasmReader());
const held: Uint8Array[] = [];
const POISONS: Record<string, () => void> = {
  'hang.png': () => {
    for (;;);
  },
  'kill.png': () => process.kill(process.pid, 'SIGKILL'),
  'segfault.png': () => process.kill(process.pid, 'SIGSEGV'),
  'throw.png': () => {
    throw new Error('a bug in a library');
  },
  'nonsense.png': () => {
    process.send?.({ failure: 'no-symbol', candidates: 'none', readMs: 1 });
  },
  'heap.png': () => {
    const list: object[][] = [];
    for (;;) list.push(new Array<object>(100_000).fill(list));
  },
  'native.png': () => {
    for (;;) held.push(new Uint8Array(16 * 1024 * 1024).fill(1));
  },
};
serveImages(async (order) => {
  POISONS[basename(order.path)]?.();
  return readOrder(order, reader);
});
