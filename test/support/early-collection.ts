/**
 * Loaded into every thread of a process with `--expose-gc --import`: what nobody needs any more is given back within a second,
 * and not when there is need of memory, which in a test of a minute is never.
 */
const EVERY_MS = 1_000;

setInterval(() => globalThis.gc?.(), EVERY_MS).unref();
