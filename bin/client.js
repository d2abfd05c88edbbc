import { existsSync } from 'node:fs';

/** `indicia/client`, from its sources in a checkout and from what bin/build-package.js made of them in a package. */
const source = new URL('../client/index.ts', import.meta.url);
const built = new URL('../dist/client/index.js', import.meta.url);

export const { ENCODINGS, connect, scanFromLine } = await import((existsSync(source) ? source : built).href);
