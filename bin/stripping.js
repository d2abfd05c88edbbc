import process from 'node:process';

// Node runs TypeScript, but not below a folder node_modules. Where the package is installed there, its types are stripped by
// strip-types.js, which NODE_OPTIONS brings into the threads and processes of the program, too.
const STRIP_TYPES = new URL('strip-types.js', import.meta.url).href;

/** Whether this package lies where Node strips no types: installed, and not linked or a checkout. */
export function isInstalled() {
  return import.meta.url.includes('/node_modules/');
}

export function isStripping() {
  return process.env.NODE_OPTIONS?.includes(STRIP_TYPES) ?? false;
}

/** NODE_OPTIONS as they are, and with the stripping, of which Node warns that it is experimental. */
export function strippingOptions() {
  return `${process.env.NODE_OPTIONS ?? ''} --disable-warning=ExperimentalWarning --import=${STRIP_TYPES}`.trim();
}
