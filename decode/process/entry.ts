import { createMarkReader } from '../mark-reader.ts';
import { createZxingWasmReader } from '../zxing-wasm.ts';
import { readOrder } from './read-order.ts';
import { serveImages } from './serve.ts';

// What runs in a reading process; started by name in readers.ts.
const reader = createMarkReader(await createZxingWasmReader());
serveImages((order) => readOrder(order, reader));
