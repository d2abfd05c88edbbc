import { serveImages } from '../decode/process/serve.ts';

// A reading process that reads nothing: what an order and its answer cost between two processes.
serveImages(async () => ({ bytes: new Uint8Array(135), symbology: 'DataMatrix', rung: 'located', readMs: 0 }));
