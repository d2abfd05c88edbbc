export { createZxingJsReader } from './zxing-js.ts';
